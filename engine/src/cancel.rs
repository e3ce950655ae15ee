//! Cancel tokens, and what makes running queries heed them. Firing is one atomic store, so a signal handler may do it;
//! whoever waits looks every 20 ms.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::Result as DfResult;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use tokio::task::AbortHandle;

use crate::error::{Failure, Result, pne_error, status};
use crate::guard::{guard, guard_free};
use crate::handle::{Handle, handle};

#[derive(Default)]
pub struct Cancel {
    fired: AtomicBool,
}

handle!(pne_cancel, Cancel, "cancel token");

impl Cancel {
    /// CANCELLED once the token was fired.
    pub fn check(&self) -> Result<()> {
        if self.fired.load(Ordering::Acquire) {
            return Err(Failure::new(status::CANCELLED, "the call was cancelled"));
        }
        Ok(())
    }
}

/// The last physical rule of every plan that runs, be it read or written.
///
/// A task is cancelled where it yields, and DataFusion lets it yield at the sources only. But joins and unnesting make
/// batch after batch from what they hold in memory without asking a source; what consumes all of that without an
/// output, as a count does, would keep its worker for ever. So these yield too.
#[derive(Debug)]
pub struct YieldingOperators;

const PROLIFIC: [&str; 7] = [
    "CrossJoinExec",
    "HashJoinExec",
    "NestedLoopJoinExec",
    "PiecewiseMergeJoinExec",
    "SortMergeJoinExec",
    "SymmetricHashJoinExec",
    "UnnestExec",
];

impl PhysicalOptimizerRule for YieldingOperators {
    fn name(&self) -> &str {
        "pinion_yielding_operators"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> DfResult<Arc<dyn ExecutionPlan>> {
        let rewritten = plan.transform_up(|node| {
            if PROLIFIC.contains(&node.name()) {
                return Ok(Transformed::yes(Arc::new(CooperativeExec::new(node)) as Arc<dyn ExecutionPlan>));
            }
            Ok(Transformed::no(node))
        })?;
        Ok(rewritten.data)
    }
}

/// Waits a moment until what was told to stop has stopped, so that it no longer makes files where the caller removes
/// them. Not for the workers: it blocks.
pub fn settle(has_stopped: impl Fn() -> bool) {
    const ENOUGH: Duration = Duration::from_millis(500);
    let started = Instant::now();
    while !has_stopped() && started.elapsed() < ENOUGH {
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A task that ends with the future that waits for it.
pub struct Stopped(pub AbortHandle);

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.abort();
        settle(|| self.0.is_finished());
    }
}

/// The token C passed; NULL is none.
///
/// # Safety
/// `cancel` is NULL or a live handle.
pub unsafe fn optional(cancel: *const pne_cancel) -> Result<Option<Arc<Cancel>>> {
    if cancel.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    let handle = unsafe { pne_cancel::borrow(cancel)? };
    Ok(Some(Arc::clone(&handle.content)))
}

/// Makes a cancel token for any number of calls. `*out` is owned by the caller: pne_cancel_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_cancel_new(out: *mut *mut pne_cancel, err: *mut pne_error) -> i32 {
    // SAFETY: the caller passes NULL or a writable place.
    guard(err, || unsafe { pne_cancel::new(Arc::default()).give(out) })
}

/// Fires the token: each call that carries it fails with CANCELLED within some 20 ms. Safe in a signal handler.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_cancel_fire(cancel: *const pne_cancel) {
    // SAFETY: the caller passes NULL or a live handle.
    if let Some(handle) = unsafe { cancel.as_ref() } {
        handle.content.fired.store(true, Ordering::Release);
    }
}

/// Frees the token; running calls that carry it go on. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_cancel_free(cancel: *mut pne_cancel) {
    // SAFETY: the caller gives the handle up.
    guard_free(|| drop(unsafe { pne_cancel::take(cancel) }));
}
