//! The library as a whole: versions, live handles, the log callback.

use std::ffi::c_void;
use std::sync::{PoisonError, RwLock};

use serde_json::json;

use crate::error::pne_error;
use crate::guard::guard;
use crate::handle;
use crate::view::{self, pne_sink};

/// Major << 16 | minor of this interface.
const ABI_VERSION: u32 = 1 << 16;

/// Receives one UTF-8 text; may be called from several threads at once, also from the engine's own.
pub type pne_log_fn = Option<unsafe extern "C" fn(ctx: *mut c_void, text: *const u8, len: usize)>;

struct Log {
    callback: pne_log_fn,
    ctx: *mut c_void,
}

// SAFETY: pne_log_set demands that `ctx` may be used from any thread.
unsafe impl Send for Log {}
// SAFETY: as above.
unsafe impl Sync for Log {}

static LOG: RwLock<Log> = RwLock::new(Log { callback: None, ctx: std::ptr::null_mut() });

/// Sends a debug text to the callback, if there is one.
pub fn log(text: &str) {
    let log = LOG.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(callback) = log.callback {
        // SAFETY: pne_log_set demands a callable function; the text lives during the call.
        unsafe { callback(log.ctx, text.as_ptr(), text.len()) };
    }
}

/// Gives the version of this interface: major << 16 | minor. Another major than the header's is refused by the caller.
#[unsafe(no_mangle)]
pub extern "C" fn pne_abi_version() -> u32 {
    ABI_VERSION
}

/// Gives JSON: {abi, arrow, datafusion, datafusion_substrait, deltalake, features, object_store, profile, rustc,
/// sources, substrait}; the versions are those of Cargo.lock, sources is a digest of this crate's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_build_info(sink: pne_sink, ctx: *mut c_void, err: *mut pne_error) -> i32 {
    guard(err, || {
        let features: &[&str] = if cfg!(feature = "fault") { &["fault"] } else { &[] };
        let info = json!({
            "abi": format!("{}.{}", ABI_VERSION >> 16, ABI_VERSION & 0xffff),
            "arrow": env!("PNE_ARROW"),
            "datafusion": env!("PNE_DATAFUSION"),
            "datafusion_substrait": env!("PNE_DATAFUSION_SUBSTRAIT"),
            "deltalake": env!("PNE_DELTALAKE"),
            "features": features,
            "object_store": env!("PNE_OBJECT_STORE"),
            "profile": env!("PNE_PROFILE"),
            "rustc": env!("PNE_RUSTC"),
            "sources": env!("PNE_SOURCES"),
            "substrait": env!("PNE_SUBSTRAIT"),
        });
        // SAFETY: the caller passes a callable sink.
        unsafe { view::emit_json(sink, ctx, info) }
    })
}

/// Counts the handles and streams that were given out and not freed yet.
#[unsafe(no_mangle)]
pub extern "C" fn pne_live_handles() -> i64 {
    handle::live()
}

/// Sets the process-wide debug log callback; NULL switches it off. It gets error texts whole. `ctx` is passed on and
/// must be usable from any thread. Do not call it from the callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_log_set(callback: pne_log_fn, ctx: *mut c_void) {
    *LOG.write().unwrap_or_else(PoisonError::into_inner) = Log { callback, ctx };
}
