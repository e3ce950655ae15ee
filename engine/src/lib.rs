//! The C ABI door of pinion to DataFusion, delta-rs and datafusion-substrait.
//!
//! C decides, Rust executes: there is no policy here. What crosses the boundary is handles, Arrow C structs, bytes
//! and JSON text; every export runs inside `guard`, so neither a panic nor a Rust error escapes. One source file per
//! noun; `include/pn_engine.h` is generated from them.

#![deny(unsafe_op_in_unsafe_fn, improper_ctypes_definitions)]
#![allow(non_camel_case_types, reason = "C's names")]
#![allow(clippy::missing_safety_doc, reason = "each export says it in words that go into the header for C")]

mod base;
mod caches;
mod called;
mod cancel;
mod changes;
mod commits;
mod create_function;
mod delta;
mod depth;
mod engine;
mod error;
mod expand;
mod explain;
mod fault;
mod foreign;
mod guard;
mod handle;
mod inline;
mod lambda;
mod location;
mod maintain;
mod memory;
mod optimise;
mod params;
mod plan;
mod planner;
mod plugin;
mod plugin_table;
mod remote;
mod restore;
mod session;
mod source;
mod sql_function;
mod statement;
mod stream;
mod stub;
mod substrait;
mod table;
mod table_call;
mod trouble;
mod udf;
mod upload;
mod view;
mod write;
mod write_files;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
