//! The engine: one tokio runtime for I/O and execution, and a small pool of planning threads with large stacks.
//!
//! Parsing, planning, optimising, Substrait and the freeing of deep plans recurse over the plan, so they run on the
//! pool, never on the caller's thread: its stack may be small. A caller waits for its job; a panic in a job becomes
//! the caller's failure.

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_long};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Handle as RuntimeHandle, Runtime};

use crate::cancel::Cancel;
use crate::error::{Failure, Result, pne_error, status};
use crate::guard::{catch, guard, guard_free, install_panic_hook, panic_failure};
use crate::handle::{Handle, handle};
use crate::view::{self, Fields};
use crate::{base, fault};

/// Virtual stack of a planning thread; only what is touched costs memory.
const PLANNING_STACK_BYTES: usize = 256 << 20;
/// Stack of a worker: deep expressions are evaluated and freed there.
const WORKER_STACK_BYTES: usize = 64 << 20;
/// Threads for blocking reads, of foreign streams and local files.
const BLOCKING_THREADS: usize = 64;
const MAX_PLANNING_THREADS: usize = 4;
/// How long a caller sleeps before it looks at its cancel token again.
pub const POLL_INTERVAL: Duration = Duration::from_millis(20);

type Job = Box<dyn FnOnce() + Send>;

pub struct Engine {
    /// None only while the engine is being dropped.
    runtime: Option<Runtime>,
    jobs: Mutex<Sender<Job>>,
}

handle!(pne_engine, Engine, "engine");

thread_local! {
    static ON_PLANNING_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// Refuses calls from inside a function or callback of the engine: they could wait for themselves.
pub fn refuse_reentry() -> Result<()> {
    if ON_PLANNING_THREAD.get() || RuntimeHandle::try_current().is_ok() {
        return Err(Failure::new(status::REENTRANT, "the engine was called from one of its own callbacks")
            .with_hint("functions and stream callbacks must not call the engine"));
    }
    Ok(())
}

impl Engine {
    fn new(workers: usize, planners: usize, stack_bytes: usize) -> Result<Self> {
        let cannot =
            |e: std::io::Error| Failure::new(status::LIMIT, format!("cannot start the threads of the engine: {e}"));
        let runtime = Builder::new_multi_thread()
            .worker_threads(workers)
            .max_blocking_threads(BLOCKING_THREADS)
            .thread_stack_size(WORKER_STACK_BYTES)
            .thread_name("pinion-worker")
            .enable_all()
            .build()
            .map_err(cannot)?;
        let (jobs, queue) = channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        for i in 0..planners {
            let queue = Arc::clone(&queue);
            std::thread::Builder::new()
                .name(format!("pinion-plan-{i}"))
                .stack_size(stack_bytes)
                .spawn(move || run_jobs(&queue))
                .map_err(cannot)?;
        }
        Ok(Engine { runtime: Some(runtime), jobs: Mutex::new(jobs) })
    }

    pub fn runtime(&self) -> &RuntimeHandle {
        self.runtime.as_ref().expect("the runtime lives as long as the engine").handle()
    }

    /// Runs `job` on a planning thread and waits for it, or for the token to fire; then the job ends by itself.
    pub fn plan_job<T: Send + 'static>(
        &self,
        cancel: Option<&Cancel>,
        job: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        if ON_PLANNING_THREAD.get() {
            return job();
        }
        let (done, result) = channel();
        self.submit(Box::new(move || drop(done.send(catch(job)))));
        loop {
            match result.recv_timeout(POLL_INTERVAL) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Timeout) => cancel.map_or(Ok(()), Cancel::check)?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::new(status::INTERNAL, "a planning thread ended early"));
                }
            }
        }
    }

    /// Runs a future on a planning thread, with its large stack.
    pub fn plan_async<T, F>(&self, cancel: Option<&Cancel>, future: impl FnOnce() -> F + Send + 'static) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>>,
    {
        let runtime = self.runtime().clone();
        self.plan_job(cancel, move || runtime.block_on(future()))
    }

    /// Runs a long future on a thread of its own with a large stack: it plans, then waits for its execution, and the
    /// pool is not for waiting. When the token fires the future is dropped before this returns.
    pub fn run_deep<T, F>(&self, cancel: Option<Arc<Cancel>>, future: impl FnOnce() -> F + Send + 'static) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>>,
    {
        let runtime = self.runtime().clone();
        let job = move || runtime.block_on(until_cancelled(cancel, future()));
        let thread = std::thread::Builder::new()
            .name("pinion-write".to_owned())
            .stack_size(PLANNING_STACK_BYTES)
            .spawn(move || catch(job))
            .map_err(|e| Failure::new(status::LIMIT, format!("cannot start a thread: {e}")))?;
        thread.join().unwrap_or_else(|payload| Err(panic_failure(payload)))
    }

    /// Frees something that may be deep on a planning thread; waits for it, except on a thread of the engine.
    pub fn free<T: Send + 'static>(&self, value: T) {
        if refuse_reentry().is_err() {
            return self.submit(Box::new(move || drop(value)));
        }
        // The job cannot fail; a panic in a destructor was logged by the hook.
        drop(self.plan_job(None, move || {
            drop(value);
            Ok(())
        }));
    }

    fn submit(&self, job: Job) {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        // The threads end only after this sender is gone, so the queue is open.
        drop(jobs.send(job));
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // The last reference may die on one of the engine's own threads, which must not wait for itself.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Polls a future until it ends or the token fires; then it is dropped.
async fn until_cancelled<T>(cancel: Option<Arc<Cancel>>, future: impl Future<Output = Result<T>>) -> Result<T> {
    let mut future = std::pin::pin!(future);
    loop {
        match tokio::time::timeout(POLL_INTERVAL, &mut future).await {
            Ok(result) => return result,
            Err(_elapsed) => cancel.as_deref().map_or(Ok(()), Cancel::check)?,
        }
    }
}

fn run_jobs(queue: &Mutex<Receiver<Job>>) {
    ON_PLANNING_THREAD.set(true);
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            // A job of plan_job catches its own panics; this is for the freeing of values.
            Ok(job) => drop(catch(|| {
                job();
                Ok(())
            })),
            Err(_) => return,
        }
    }
}

/// What became of a task that ended without a result.
pub fn join_failure(error: tokio::task::JoinError) -> Failure {
    match error.try_into_panic() {
        Ok(payload) => crate::guard::panic_failure(payload),
        Err(_) => Failure::new(status::CANCELLED, "the call was cancelled"),
    }
}

/// How long freed pages are kept before they go back to the system. Queries free large buffers and take them again at
/// once: with mimalloc's own 10 ms a sixth of TPC-H's time went into pages that were zeroed again (bench/README.md).
fn keep_freed_pages() {
    const PURGE_DELAY: c_int = 15; // mi_option_purge_delay of mimalloc.h, the same in its versions 2 and 3
    const PURGE_DELAY_MS: c_long = 1000;
    unsafe extern "C" {
        fn mi_option_set(option: c_int, value: c_long);
    }
    if std::env::var_os("MIMALLOC_PURGE_DELAY").is_none() {
        // SAFETY: sets one number in mimalloc, whose symbols the global allocator links.
        unsafe { mi_option_set(PURGE_DELAY, PURGE_DELAY_MS) };
    }
}

/// Starts the engine: the runtime and the planning threads.
///
/// `options_json`: NULL or {"worker_threads":n, "planning_threads":n, "stack_bytes":n}, numbers or decimal text; 0 or
/// absent = one worker per core, at most 4 planning threads, 256 MiB of virtual stack each. An unknown key is INVALID.
/// `*out` is owned by the caller: pne_engine_free(). Do not fork afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_engine_new(
    options_json: *const c_char,
    out: *mut *mut pne_engine,
    err: *mut pne_error,
) -> i32 {
    fault::read_environment();
    install_panic_hook();
    keep_freed_pages();
    guard(err, || {
        // SAFETY: the caller passes NULL or NUL-terminated text.
        let options = unsafe { view::json_object(options_json, "engine options")? };
        let mut options = Fields::new(options, "engine options");
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        let mut count = |key: &str, otherwise: usize| -> Result<usize> {
            Ok(options.number(key)?.filter(|n| *n > 0).map_or(otherwise, |n| n as usize))
        };
        let workers = count("worker_threads", cores)?.min(1024);
        let planners = count("planning_threads", cores.min(MAX_PLANNING_THREADS))?.min(64);
        let stack_bytes = count("stack_bytes", PLANNING_STACK_BYTES)?.max(1 << 20);
        options.finish()?;
        let engine = Arc::new(Engine::new(workers, planners, stack_bytes)?);
        base::log("engine started");
        // SAFETY: the caller passes NULL or a writable place.
        unsafe { pne_engine::new(engine).give(out) }
    })
}

/// Frees the engine; what was made from it keeps it running. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_engine_free(engine: *mut pne_engine) {
    // SAFETY: the caller gives the handle up.
    guard_free(|| drop(unsafe { pne_engine::take(engine) }));
}
