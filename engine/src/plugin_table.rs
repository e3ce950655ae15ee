//! The structs of pinion/plugin.h that tables are made of, byte for byte.

use std::ffi::{c_char, c_void};

use datafusion::arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use datafusion::arrow::ffi_stream::FFI_ArrowArrayStream;

use crate::plugin::{pn_kernel_call, pn_udf};

pub const FILTER_EQ: i32 = 0;
pub const FILTER_NE: i32 = 1;
pub const FILTER_LT: i32 = 2;
pub const FILTER_LE: i32 = 3;
pub const FILTER_GT: i32 = 4;
pub const FILTER_GE: i32 = 5;
pub const FILTER_IS_NULL: i32 = 6;
pub const FILTER_IS_NOT_NULL: i32 = 7;
pub const PUSHDOWN_NONE: i32 = 0;
pub const PUSHDOWN_INEXACT: i32 = 1;
pub const PUSHDOWN_EXACT: i32 = 2;

#[repr(C)]
pub struct pn_filter {
    pub struct_size: u32,
    pub column: u32,
    pub op: i32,
    pub reserved: i32,
    pub kind: *const FFI_ArrowSchema,
    pub value: *const FFI_ArrowArray,
}

#[repr(C)]
pub struct pn_scan {
    pub struct_size: u32,
    pub n_columns: u32,
    pub columns: *const u32,
    pub filters: *const pn_filter,
    pub n_filters: u32,
    pub filter_stride: u32,
    pub limit: i64,
    pub stop: *const i32,
}

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct pn_table {
    pub struct_size: u32,
    pub reserved: u32,
    pub this: *mut c_void,
    pub version: *const c_char,
    pub dataset: *const c_char,
    pub schema: Option<
        unsafe extern "C" fn(
            this: *mut c_void,
            out: *mut FFI_ArrowSchema,
            message: *mut c_char,
            message_cap: usize,
        ) -> i32,
    >,
    pub classify: Option<unsafe extern "C" fn(this: *mut c_void, filter: *const pn_filter) -> i32>,
    pub scan: Option<
        unsafe extern "C" fn(
            this: *mut c_void,
            scan: *const pn_scan,
            out: *mut FFI_ArrowArrayStream,
            message: *mut c_char,
            message_cap: usize,
        ) -> i32,
    >,
    pub row_count: Option<unsafe extern "C" fn(this: *mut c_void) -> i64>,
    pub release: Option<unsafe extern "C" fn(this: *mut c_void)>,
}

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct pn_table_function {
    pub struct_size: u32,
    pub reserved: u32,
    pub function: *const pn_udf,
    pub open: Option<
        unsafe extern "C" fn(
            ctx: *mut c_void,
            call: *const pn_kernel_call,
            out: *mut pn_table,
            message: *mut c_char,
            message_cap: usize,
        ) -> i32,
    >,
}

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct pn_table_provider {
    pub struct_size: u32,
    pub reserved: u32,
    pub name: *const c_char,
    pub description: *const c_char,
    pub ctx: *mut c_void,
    pub open: Option<
        unsafe extern "C" fn(
            ctx: *mut c_void,
            options: *const c_char,
            out: *mut pn_table,
            message: *mut c_char,
            message_cap: usize,
        ) -> i32,
    >,
}

const _: () = assert!(size_of::<pn_filter>() == 32);
const _: () = assert!(size_of::<pn_scan>() == 48);
const _: () = assert!(size_of::<pn_table>() == 72);
const _: () = assert!(size_of::<pn_table_function>() == 24);
const _: () = assert!(size_of::<pn_table_provider>() == 40);
