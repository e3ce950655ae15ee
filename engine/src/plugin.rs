//! The structs of pinion/plugin.h, byte for byte; tests/abi and the asserts below keep them so.

use std::ffi::{c_char, c_void};

use datafusion::arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema};

use crate::plugin_table::{pn_table_function, pn_table_provider};

pub const ABI_MAJOR: u32 = 1;
pub const ABI_MINOR: u32 = 1;
pub const SIGNATURE_VARIADIC: i32 = 1;
pub const NULLS_PROPAGATED: i32 = 1;
pub const UDF_SHORT_CIRCUITS: u32 = 1;
pub const UDF_ASYNC: u32 = 2;
pub const AGGREGATE_IGNORES_NULLS: u32 = 1;
pub const AGGREGATE_SET: u32 = 2;
pub const WINDOW_PEERS: i32 = 1;
pub const WINDOW_FRAME: i32 = 2;

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
pub struct pn_signature {
    pub struct_size: u32,
    pub kind: i32,
    pub min_args: u32,
    pub max_args: u32,
    pub n_arg_formats: u32,
    pub reserved: u32,
    pub arg_formats: *const *const c_char,
}

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct pn_doc {
    pub struct_size: u32,
    pub reserved: u32,
    pub section: *const c_char,
    pub syntax: *const c_char,
    pub sql_example: *const c_char,
    pub alternative_syntax: *const c_char,
    pub arg_descriptions: *const *const c_char,
    pub related: *const *const c_char,
}

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
    pub alternatives: *const pn_signature,
    pub arg_defaults: *const *const c_char,
    pub doc: *const pn_doc,
}

#[repr(C)]
pub struct pn_aggregate_open {
    pub struct_size: u32,
    pub n_args: u32,
    pub ignore_nulls: i32,
    pub is_distinct: i32,
    pub args: *const *const FFI_ArrowSchema,
    pub scalars: *const *const FFI_ArrowArray,
    pub result: *const FFI_ArrowSchema,
    pub is_sliding: i32,
    pub reserved: i32,
}

/// update, retract and merge.
pub type pn_groups_fn = unsafe extern "C" fn(
    state: *mut c_void,
    call: *const pn_kernel_call,
    groups: *const u64,
    n_groups: u64,
    message: *mut c_char,
    message_cap: usize,
) -> i32;

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct pn_aggregate {
    pub struct_size: u32,
    pub flags: u32,
    pub function: *const pn_udf,
    pub n_state: u32,
    pub reserved: u32,
    pub state_formats: *const *const c_char,
    pub create: Option<
        unsafe extern "C" fn(
            ctx: *mut c_void,
            open: *const pn_aggregate_open,
            state_out: *mut *mut c_void,
            message: *mut c_char,
            message_cap: usize,
        ) -> i32,
    >,
    pub destroy: Option<unsafe extern "C" fn(state: *mut c_void)>,
    pub update: Option<pn_groups_fn>,
    pub retract: Option<pn_groups_fn>,
    pub merge: Option<pn_groups_fn>,
    pub emit: Option<
        unsafe extern "C" fn(
            state: *mut c_void,
            n_groups: u64,
            out: *mut FFI_ArrowArray,
            message: *mut c_char,
            message_cap: usize,
        ) -> i32,
    >,
    pub evaluate: Option<
        unsafe extern "C" fn(
            state: *mut c_void,
            n_groups: u64,
            keep: i32,
            out: *mut FFI_ArrowArray,
            message: *mut c_char,
            message_cap: usize,
        ) -> i32,
    >,
    pub size: Option<unsafe extern "C" fn(state: *const c_void) -> usize>,
}

#[repr(C)]
pub struct pn_window_call {
    pub struct_size: u32,
    pub ignore_nulls: i32,
    pub call: *const pn_kernel_call,
    pub n_peers: u64,
    pub peer_ends: *const u64,
    pub frame_start: u64,
    pub frame_end: u64,
}

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct pn_window {
    pub struct_size: u32,
    pub mode: i32,
    pub function: *const pn_udf,
    pub evaluate: Option<
        unsafe extern "C" fn(
            ctx: *mut c_void,
            call: *const pn_window_call,
            out: *mut FFI_ArrowArray,
            message: *mut c_char,
            message_cap: usize,
        ) -> i32,
    >,
}

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct pn_option {
    pub struct_size: u32,
    pub reserved: u32,
    pub key: *const c_char,
    pub format: *const c_char,
    pub default_text: *const c_char,
    pub description: *const c_char,
}

/// Tables of packs that the engine hands on as they are: planner.rs knows what they hold.
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
    pub aggregate_stride: u32,
    pub window_stride: u32,
    pub table_function_stride: u32,
    pub table_provider_stride: u32,
    pub expr_planner_stride: u32,
    pub relation_planner_stride: u32,
    pub function_factory_stride: u32,
    pub option_stride: u32,
    pub n_aggregates: u64,
    pub aggregates: *const pn_aggregate,
    pub n_windows: u64,
    pub windows: *const pn_window,
    pub n_table_functions: u64,
    pub table_functions: *const pn_table_function,
    pub n_table_providers: u64,
    pub table_providers: *const pn_table_provider,
    pub n_expr_planners: u64,
    pub expr_planners: *const c_void,
    pub n_relation_planners: u64,
    pub relation_planners: *const c_void,
    pub n_function_factories: u64,
    pub function_factories: *const c_void,
    pub n_options: u64,
    pub options: *const pn_option,
}

const _: () = assert!(size_of::<usize>() == 8, "group numbers cross as they are");
const _: () = assert!(size_of::<pn_kernel_arg>() == 24);
const _: () = assert!(size_of::<pn_kernel_call>() == 40);
const _: () = assert!(size_of::<pn_signature>() == 32);
const _: () = assert!(size_of::<pn_doc>() == 56);
const _: () = assert!(size_of::<pn_udf>() == 24 + 18 * 8);
const _: () = assert!(std::mem::offset_of!(pn_udf, invoke) == 24 + 6 * 8);
const _: () = assert!(size_of::<pn_aggregate_open>() == 48);
const _: () = assert!(size_of::<pn_aggregate>() == 96);
const _: () = assert!(size_of::<pn_window_call>() == 48);
const _: () = assert!(size_of::<pn_window>() == 24);
const _: () = assert!(size_of::<pn_option>() == 40);
const _: () = assert!(size_of::<pn_plugin>() == 16 + 5 * 8 + 8 * 4 + 16 * 8);
