//! Functions of packs: the adapters between C tables of pinion/plugin.h and the engine's traits.
//!
//! What a kernel returns is checked (released or not, type, length, contents) before it is used, so a wrong pack gives
//! an error that names it.

mod aggregate;
mod asynchronous;
mod declaration;
mod doc;
mod filter;
mod format;
mod import;
mod kernel;
mod options;
mod scalar;
mod scan;
mod state;
mod table;
mod window;

use std::ffi::c_char;
use std::sync::Arc;

use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};

use self::aggregate::{Aggregate, AggregateFunction};
use self::declaration::Declaration;
use self::options::{OptionKinds, PackOption};
use self::scalar::ScalarFunction;
use self::table::TableFunction;
use self::window::{Window, WindowFunction};
use crate::error::{Failure, Result, pne_error, status};
use crate::guard::guard_on;
use crate::plugin::{ABI_MAJOR, ABI_MINOR, pn_plugin};
use crate::session::pne_session;
use crate::view;

pub use self::kernel::{MESSAGE_BYTES, Message};
pub use self::options::{CompleteCalls, PackOptions};
pub use self::table::{PackTable, Provider};

/// What a session takes over from a pack.
#[derive(Default)]
pub struct Functions {
    pub scalars: Vec<Arc<ScalarUDF>>,
    pub aggregates: Vec<Arc<AggregateUDF>>,
    pub windows: Vec<Arc<WindowUDF>>,
    pub tables: Vec<Arc<TableFunction>>,
    pub providers: Vec<Arc<Provider>>,
    pub options: Vec<PackOption>,
}

/// The rows of a table of a pack.
///
/// # Safety
/// The table has `count` rows, `stride` bytes apart, of at least the size of T.
unsafe fn rows<'a, T>(first: *const T, count: u64, stride: u32) -> impl Iterator<Item = &'a T>
where
    T: 'a,
{
    // SAFETY: the caller's promise.
    (0..count as usize).map(move |i| unsafe { &*first.byte_add(i * stride as usize) })
}

/// A pack while it is read.
struct Reader<'a> {
    name: &'a str,
    digest: &'a str,
    options: OptionKinds,
}

impl Reader<'_> {
    /// # Safety
    /// As for `read_pack`.
    unsafe fn read(mut self, pack: &pn_plugin) -> Result<Functions> {
        let mut found = Functions::default();
        let mut waits = false;
        // SAFETY: the caller's promise, here and below.
        for row in unsafe { rows(pack.options, pack.n_options, pack.option_stride) } {
            // SAFETY: as above.
            let option = unsafe { PackOption::read(row)? };
            self.options.insert(option.key().to_owned(), option.kind().clone());
            found.options.push(option);
        }
        // SAFETY: as above.
        for row in unsafe { rows(pack.udfs, pack.n_udfs, pack.udf_stride) } {
            // SAFETY: as above.
            let function = unsafe { Declaration::read(self.name, self.digest, row, &self.options)? };
            if function.table.invoke.is_none() {
                return Err(function.failure(status::ABI, "has no kernel"));
            }
            if function.is_async() {
                found.scalars.push(asynchronous::function(&function)?);
                waits = true;
            } else {
                found.scalars.push(Arc::new(ScalarUDF::from(ScalarFunction(function))));
            }
        }
        // SAFETY: as above.
        for row in unsafe { rows(pack.aggregates, pack.n_aggregates, pack.aggregate_stride) } {
            // SAFETY: as above.
            let aggregate = unsafe { Aggregate::read(self.name, self.digest, row, &self.options)? };
            found.aggregates.push(Arc::new(AggregateUDF::from(AggregateFunction::new(aggregate))));
        }
        // SAFETY: as above.
        for row in unsafe { rows(pack.windows, pack.n_windows, pack.window_stride) } {
            // SAFETY: as above.
            let window = unsafe { Window::read(self.name, self.digest, row, &self.options)? };
            found.windows.push(Arc::new(WindowUDF::from(WindowFunction::new(window))));
        }
        // SAFETY: as above.
        for row in unsafe { rows(pack.table_functions, pack.n_table_functions, pack.table_function_stride) } {
            // SAFETY: as above.
            found.tables.push(unsafe { TableFunction::read(self.name, self.digest, row, &self.options)? });
        }
        // SAFETY: as above.
        for row in unsafe { rows(pack.table_providers, pack.n_table_providers, pack.table_provider_stride) } {
            // SAFETY: as above.
            found.providers.push(unsafe { Provider::read(self.name, row)? });
        }
        if waits {
            found.options.extend(asynchronous::options());
        }
        Ok(found)
    }
}

/// Reads the tables of a pack.
///
/// # Safety
/// `plugin` is NULL or a pack that src/udf/packs/adopt.c made: structs of this layout, checked, never freed.
unsafe fn read_pack(plugin: *const pn_plugin, digest: &str) -> Result<Functions> {
    // SAFETY: the caller's promise, here and below.
    let Some(pack) = (unsafe { plugin.as_ref() }) else {
        return Err(Failure::new(status::INVALID, "the pack is NULL"));
    };
    if pack.abi_major != ABI_MAJOR || pack.abi_minor_min > ABI_MINOR {
        let text = format!(
            "a pack needs plugin interface {}.{}, this engine has {ABI_MAJOR}.{ABI_MINOR}",
            pack.abi_major, pack.abi_minor_min
        );
        return Err(Failure::new(status::ABI, text));
    }
    if (pack.struct_size as usize) < size_of::<pn_plugin>() {
        let text =
            format!("a pack's table is {} bytes, this engine needs {}", pack.struct_size, size_of::<pn_plugin>());
        return Err(Failure::new(status::ABI, text));
    }
    // SAFETY: the caller's promise.
    let name = unsafe { view::text(pack.name, "name of the pack")? };
    let reader = Reader { name, digest, options: OptionKinds::new() };
    // SAFETY: the caller's promise.
    unsafe { reader.read(pack) }
}

/// Adds the functions, table providers and options of a pack to a session, in both spaces; a function of the same name is replaced.
///
/// `digest` is the identity of the pack: functions of the same name and digest are equal. The pack must stay loaded as
/// long as the session and what was made from it. ABI: the table does not fit, with the reason.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_session_add_functions(
    session: *const pne_session,
    plugin: *const pn_plugin,
    digest: *const c_char,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        // SAFETY: the caller passes NUL-terminated text and a valid pack.
        let functions = unsafe { read_pack(plugin, view::text(digest, "digest of the pack")?)? };
        session.content.add_functions(functions)
    })
}
