//! Handles: what C holds. Each is a heap object that starts with a `Head` and shares its content by `Arc`, so that a
//! child (a plan, a table) keeps its parent alive and handles may be freed in any order.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use crate::error::{Failure, Result, status};

static LIVE: AtomicI64 = AtomicI64::new(0);

/// How many handles and streams C holds now.
pub fn live() -> i64 {
    LIVE.load(Ordering::Relaxed)
}

/// The start of every handle: which kind it is, and whether a call on it panicked.
#[repr(C)]
pub struct Head {
    tag: AtomicU64,
    poisoned: AtomicBool,
}

impl Head {
    pub fn new(kind: &str) -> Self {
        LIVE.fetch_add(1, Ordering::Relaxed);
        Head { tag: AtomicU64::new(tag_of(kind)), poisoned: AtomicBool::new(false) }
    }

    pub fn poison(&self) {
        self.poisoned.store(true, Ordering::Release);
    }

    pub fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Acquire)
    }
}

impl Drop for Head {
    fn drop(&mut self) {
        self.tag.store(0, Ordering::Relaxed);
        LIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

/// FNV-1a of the kind's name: a session handed over as a plan is refused, not misread.
const fn tag_of(kind: &str) -> u64 {
    let bytes = kind.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0100_0000_01b3);
        i += 1;
    }
    hash
}

/// Implemented by `handle!` only.
pub trait Handle: Sized {
    const KIND: &'static str;

    fn head(&self) -> &Head;

    /// Borrows what C passed: not NULL, of this kind, not poisoned.
    ///
    /// # Safety
    /// `ptr` is NULL or a handle of any kind that was not freed.
    unsafe fn borrow<'a>(ptr: *const Self) -> Result<&'a Self> {
        if ptr.is_null() {
            return Err(Failure::new(status::INVALID, format!("the {} is NULL", Self::KIND)));
        }
        // SAFETY: every kind of handle is repr(C) and starts with a Head.
        let head = unsafe { &*ptr.cast::<Head>() };
        if head.tag.load(Ordering::Relaxed) != tag_of(Self::KIND) {
            let text = format!("the handle passed as {} is of another kind", Self::KIND);
            return Err(Failure::new(status::INVALID, text));
        }
        if head.is_poisoned() {
            let text = format!("the {} handle is poisoned", Self::KIND);
            return Err(Failure::new(status::PANIC, text)
                .with_hint("an earlier call on this handle failed inside; free it and make a new one"));
        }
        // SAFETY: the tag proves the type; the caller keeps the handle alive during the call.
        Ok(unsafe { &*ptr })
    }

    /// Hands a new handle to C.
    ///
    /// # Safety
    /// `out` is NULL or writable.
    unsafe fn give(self, out: *mut *mut Self) -> Result<()> {
        if out.is_null() {
            let text = format!("the place for the new {} is NULL", Self::KIND);
            return Err(Failure::new(status::INVALID, text));
        }
        // SAFETY: checked above; the caller promises it is writable.
        unsafe { out.write(Box::into_raw(Box::new(self))) };
        Ok(())
    }

    /// Takes a handle back from C.
    ///
    /// # Safety
    /// `ptr` is NULL or a handle of this kind that nobody uses any more.
    unsafe fn take(ptr: *mut Self) -> Option<Box<Self>> {
        // SAFETY: `give` made it with Box::into_raw.
        (!ptr.is_null()).then(|| unsafe { Box::from_raw(ptr) })
    }
}

/// Declares a handle type `$name` around `Arc<$content>`.
macro_rules! handle {
    ($name:ident, $content:ty, $kind:literal) => {
        #[repr(C)]
        pub struct $name {
            head: $crate::handle::Head,
            pub(crate) content: std::sync::Arc<$content>,
        }

        impl $name {
            pub(crate) fn new(content: std::sync::Arc<$content>) -> Self {
                Self { head: $crate::handle::Head::new($kind), content }
            }

            /// Ends the handle and gives what it held.
            #[allow(dead_code, reason = "not every kind is taken apart")]
            pub(crate) fn into_content(self) -> std::sync::Arc<$content> {
                self.content
            }
        }

        impl $crate::handle::Handle for $name {
            const KIND: &'static str = $kind;

            fn head(&self) -> &$crate::handle::Head {
                &self.head
            }
        }
    };
}
pub(crate) use handle;
