//! The structs of pinion/plugin.h, byte for byte; tests/abi and the asserts below keep them so.

use std::ffi::{c_char, c_void};

use datafusion::arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema};

pub const ABI_MAJOR: u32 = 1;
pub const ABI_MINOR: u32 = 1;
pub const SIGNATURE_EXACT: i32 = 0;
pub const SIGNATURE_VARIADIC: i32 = 1;

#[repr(C)]
pub struct pn_kernel_arg {
    pub schema: *const FFI_ArrowSchema,
    pub array: *const FFI_ArrowArray,
    pub is_scalar: i32,
    pub reserved: i32,
}

#[repr(C)]
pub struct pn_kernel_call {
    pub struct_size: u32,
    pub n_args: u32,
    pub arg_stride: u32,
    pub reserved: u32,
    pub args: *const pn_kernel_arg,
    pub n_rows: i64,
    pub stop: *const i32,
}

pub type pn_scalar_fn = Option<
    unsafe extern "C" fn(
        ctx: *mut c_void,
        call: *const pn_kernel_call,
        out: *mut FFI_ArrowArray,
        message: *mut c_char,
        message_cap: usize,
    ) -> i32,
>;

pub type pn_return_fn = Option<
    unsafe extern "C" fn(
        ctx: *mut c_void,
        args: *const *const FFI_ArrowSchema,
        scalars: *const *const FFI_ArrowArray,
        n_args: u32,
        out: *mut FFI_ArrowSchema,
        message: *mut c_char,
        message_cap: usize,
    ) -> i32,
>;

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct pn_udf {
    pub struct_size: u32,
    pub signature: i32,
    pub volatility: i32,
    pub min_args: u32,
    pub max_args: u32,
    pub n_arg_formats: u32,
    pub name: *const c_char,
    pub aliases: *const *const c_char,
    pub arg_formats: *const *const c_char,
    pub arg_names: *const *const c_char,
    pub return_format: *const c_char,
    pub return_type: pn_return_fn,
    pub invoke: pn_scalar_fn,
    pub ctx: *mut c_void,
    pub body_version: *const c_char,
    pub rewrite_tags: *const c_char,
    pub description: *const c_char,
    pub flags: u32,
    pub null_handling: i32,
    pub literal_args: u64,
    pub preserves_order_of: u32,
    pub alternative_stride: u32,
    pub n_alternatives: u64,
    pub alternatives: *const c_void,
    pub arg_defaults: *const *const c_char,
    pub doc: *const c_void,
}

#[repr(C)]
pub struct pn_plugin {
    pub struct_size: u32,
    pub abi_major: u32,
    pub abi_minor_min: u32,
    pub udf_stride: u32,
    pub name: *const c_char,
    pub version: *const c_char,
    pub n_udfs: u64,
    pub udfs: *const pn_udf,
    pub unload: Option<unsafe extern "C" fn(plugin: *const pn_plugin)>,
}

const _: () = assert!(size_of::<pn_kernel_arg>() == 24);
const _: () = assert!(size_of::<pn_kernel_call>() == 40);
const _: () = assert!(size_of::<pn_udf>() == 24 + 18 * 8);
const _: () = assert!(std::mem::offset_of!(pn_udf, invoke) == 24 + 6 * 8);
const _: () = assert!(size_of::<pn_plugin>() == 16 + 5 * 8);
