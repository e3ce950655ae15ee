//! Fault injection (cargo feature `fault`): the n-th fallible call of the process fails, or panics. C tests run each
//! scenario for n = 1, 2, … until nothing fires, and look for leaks and half-written tables.

#[cfg(not(feature = "fault"))]
pub fn point() -> crate::error::Result<()> {
    Ok(())
}

#[cfg(not(feature = "fault"))]
pub fn read_environment() {}

#[cfg(feature = "fault")]
pub use enabled::{point, read_environment};

#[cfg(feature = "fault")]
mod enabled {
    use std::sync::Once;
    use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

    use crate::error::{Failure, Result, status};

    static COUNT: AtomicI64 = AtomicI64::new(0);
    static TARGET: AtomicI64 = AtomicI64::new(0);
    static PANIC: AtomicBool = AtomicBool::new(false);

    /// Counts one fallible call and fails it when its turn has come.
    pub fn point() -> Result<()> {
        let n = COUNT.fetch_add(1, Ordering::SeqCst) + 1;
        if n != TARGET.load(Ordering::SeqCst) {
            return Ok(());
        }
        if PANIC.load(Ordering::SeqCst) {
            panic!("injected panic {n}");
        }
        Err(Failure::new(status::IO, format!("injected fault {n}")))
    }

    /// Reads PN_FAULT when the first engine is made; counting starts there. One fault a process: an engine that is
    /// started in the place of one that panicked goes on counting.
    pub fn read_environment() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            let Ok(text) = std::env::var("PN_FAULT") else { return };
            let (panic, number) = match text.strip_prefix("panic:") {
                Some(number) => (true, number),
                None => (false, text.as_str()),
            };
            if let Ok(n) = number.parse() {
                arm(n, panic);
            }
        });
    }

    fn arm(n: i64, panic: bool) {
        PANIC.store(panic, Ordering::SeqCst);
        TARGET.store(n, Ordering::SeqCst);
        COUNT.store(0, Ordering::SeqCst);
    }

    /// Starts counting fallible calls anew; the `n`-th from now fails, or panics when `panic_not_fail` is not 0.
    /// `n` = 0 switches injection off. Only in builds with the feature `fault`.
    #[unsafe(no_mangle)]
    pub extern "C" fn pne_fault_reset(n: i64, panic_not_fail: i32) {
        arm(n, panic_not_fail != 0);
    }

    /// How many fallible calls were made since counting started. Only in builds with the feature `fault`.
    #[unsafe(no_mangle)]
    pub extern "C" fn pne_fault_count() -> i64 {
        COUNT.load(Ordering::SeqCst)
    }
}
