//! Functions and tables of other libraries, over the structs of datafusion-ffi. Those structs say nothing of their
//! version before they are used, so C has compared the version that the library states before anything comes here.

use std::ffi::c_void;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::logical_expr::registry::FunctionRegistry;
use datafusion::logical_expr::{
    AggregateUDF, AggregateUDFImpl, ScalarUDF, ScalarUDFImpl, Volatility, WindowUDF, WindowUDFImpl,
};
use datafusion_ffi::table_provider::FFI_TableProvider;
use datafusion_ffi::udaf::FFI_AggregateUDF;
use datafusion_ffi::udf::FFI_ScalarUDF;
use datafusion_ffi::udwf::FFI_WindowUDF;
use serde_json::json;

use crate::error::{Failure, Result, pne_error, status};
use crate::guard::guard_on;
use crate::handle::Handle;
use crate::session::{Session, Space, pne_session};
use crate::table::{Table, pne_table};
use crate::view::{self, pne_sink};

/// One function, of whichever kind.
enum Foreign {
    Scalar(Arc<ScalarUDF>),
    Aggregate(Arc<AggregateUDF>),
    Window(Arc<WindowUDF>),
}

impl Foreign {
    /// # Safety
    /// `object` is the struct of datafusion-ffi that belongs to `kind`, of this major version.
    unsafe fn read(kind: i32, object: *const c_void) -> Result<Self> {
        // SAFETY: the caller's promise; the structs are cloned by their own functions.
        unsafe {
            match kind {
                1 => {
                    let inner: Arc<dyn ScalarUDFImpl> = (&*object.cast::<FFI_ScalarUDF>()).into();
                    Ok(Foreign::Scalar(Arc::new(ScalarUDF::new_from_shared_impl(inner))))
                }
                2 => {
                    let inner: Arc<dyn AggregateUDFImpl> = (&*object.cast::<FFI_AggregateUDF>()).into();
                    Ok(Foreign::Aggregate(Arc::new(AggregateUDF::new_from_shared_impl(inner))))
                }
                3 => {
                    let inner: Arc<dyn WindowUDFImpl> = (&*object.cast::<FFI_WindowUDF>()).into();
                    Ok(Foreign::Window(Arc::new(WindowUDF::new_from_shared_impl(inner))))
                }
                _ => Err(Failure::new(status::INVALID, format!("there is no foreign function of kind {kind}"))),
            }
        }
    }

    fn about(&self) -> (&'static str, &str, &[String], Volatility) {
        match self {
            Foreign::Scalar(f) => ("scalar", f.name(), f.aliases(), f.signature().volatility),
            Foreign::Aggregate(f) => ("aggregate", f.name(), f.aliases(), f.signature().volatility),
            Foreign::Window(f) => ("window", f.name(), f.aliases(), f.signature().volatility),
        }
    }
}

impl Session {
    /// Adds the function to both spaces, unless it takes a name that is there.
    fn add_foreign(&self, foreign: &Foreign) -> Result<()> {
        let (_, name, aliases, _) = foreign.about();
        let state = self.state(Space::Identity);
        for name in aliases.iter().map(String::as_str).chain([name]) {
            let is_there = state.scalar_functions().contains_key(name)
                || state.higher_order_functions().contains_key(name)
                || state.aggregate_functions().contains_key(name)
                || state.window_functions().contains_key(name)
                || state.table_functions().contains_key(name)
                || self.definitions().renamed().contains_key(name);
            if is_there {
                return Err(Failure::new(status::EXISTS, format!("there is a function '{name}' already")));
            }
        }
        self.change(|state| {
            match foreign {
                Foreign::Scalar(f) => drop(state.register_udf(Arc::clone(f))?),
                Foreign::Aggregate(f) => drop(state.register_udaf(Arc::clone(f))?),
                Foreign::Window(f) => drop(state.register_udwf(Arc::clone(f))?),
            }
            Ok(())
        })
    }
}

/// Adds a function of a foreign library to both spaces and tells what it is, as JSON: {"name","kind","volatility"}.
///
/// `kind` 1 scalar, 2 aggregate, 3 window; `object` is the struct of datafusion-ffi for it, of the major version that
/// pne_build_info names, borrowed. The library must stay loaded as long as the session and what was made from it.
/// EXISTS: a name or alias is taken.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_session_add_foreign(
    session: *const pne_session,
    kind: i32,
    object: *const c_void,
    sink: pne_sink,
    ctx: *mut c_void,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        if object.is_null() {
            return Err(Failure::new(status::INVALID, "the foreign function is NULL"));
        }
        // SAFETY: the caller passes the struct of that kind.
        let foreign = unsafe { Foreign::read(kind, object)? };
        session.content.add_foreign(&foreign)?;
        let (kind, name, _, volatility) = foreign.about();
        let volatility = format!("{volatility:?}").to_lowercase();
        // SAFETY: the caller passes a callable sink.
        unsafe { view::emit_json(sink, ctx, json!({"name": name, "kind": kind, "volatility": volatility})) }
    })
}

/// Makes a table of a foreign table provider, an FFI_TableProvider as above. `*out` is owned by the caller:
/// pne_table_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_table_foreign(
    session: *const pne_session,
    object: *const c_void,
    out: *mut *mut pne_table,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        if object.is_null() {
            return Err(Failure::new(status::INVALID, "the foreign table is NULL"));
        }
        // SAFETY: the caller passes an FFI_TableProvider; it is cloned by its own function.
        let provider: Arc<dyn TableProvider> = unsafe { &*object.cast::<FFI_TableProvider>() }.into();
        let table = Table::new(Arc::clone(&session.content), "ffi", provider);
        // SAFETY: the caller passes NULL or a writable place.
        unsafe { pne_table::new(Arc::new(table)).give(out) }
    })
}
