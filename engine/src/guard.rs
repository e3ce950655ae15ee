//! The boundary: no panic and no Rust error leaves an export; a panic poisons the handle it happened on, no other.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;

use crate::error::{Failure, Result, pne_error, status};
use crate::handle::Handle;
use crate::{base, engine, fault};

/// Runs `body` for C without a handle to poison.
pub fn guard(err: *mut pne_error, body: impl FnOnce() -> Result<()>) -> i32 {
    finish(err, run(body))
}

/// Runs `body` on the handle `subject`; a panic makes that handle unusable.
pub fn guard_on<H: Handle>(subject: *const H, err: *mut pne_error, body: impl FnOnce(&H) -> Result<()>) -> i32 {
    // SAFETY: every export that takes a handle demands NULL or a live one.
    let result = match unsafe { H::borrow(subject) } {
        Ok(handle) => {
            let result = run(|| body(handle));
            if matches!(&result, Err(failure) if failure.status == status::PANIC) {
                handle.head().poison();
            }
            result
        }
        Err(failure) => Err(failure),
    };
    finish(err, result)
}

/// Runs the body of a `_free`, which cannot fail and is allowed anywhere.
pub fn guard_free(body: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(body)) {
        base::log(&panic_failure(payload).detail);
    }
}

/// Turns a panic inside `body` into a failure; used for stream callbacks too.
pub fn catch<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| Err(panic_failure(payload)))
}

fn run(body: impl FnOnce() -> Result<()>) -> Result<()> {
    engine::refuse_reentry()?;
    catch(|| {
        fault::point()?;
        body()
    })
}

fn finish(err: *mut pne_error, result: Result<()>) -> i32 {
    match result {
        Ok(()) => status::OK,
        Err(failure) => {
            failure.report();
            // SAFETY: every export demands that `err` is NULL or a writable pne_error.
            unsafe { failure.write_to(err) };
            failure.status
        }
    }
}

thread_local! {
    /// Text and place of the last panic on this thread, left by the hook for `panic_failure`.
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Replaces the default panic hook, which prints: a library must not.
pub fn install_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| std::panic::set_hook(Box::new(record_panic)));
}

fn record_panic(info: &PanicHookInfo<'_>) {
    let place = info.location().map(|at| format!(" at {}:{}", at.file(), at.line()));
    let text = format!("{}{}", payload_text(info.payload()), place.unwrap_or_default());
    base::log(&format!("panic: {text}"));
    LAST_PANIC.with_borrow_mut(|last| *last = Some(text));
}

/// A panic as a failure with status PANIC.
pub fn panic_failure(payload: Box<dyn Any + Send>) -> Failure {
    let recorded = LAST_PANIC.with_borrow_mut(Option::take);
    let text = payload_text(payload.as_ref());
    Failure::new(status::PANIC, format!("the engine failed inside: {text}"))
        .with_detail(recorded.unwrap_or(text))
        .with_hint("please report it with the query and the detail text")
}

fn payload_text(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "panic without a text".to_owned()
    }
}
