//! Plans as Substrait bytes, both ways, without silent loss.
//!
//! Producer and consumer stand on the crate's traits and replace what the stock ones drop: null treatment, window
//! filters, distinct and frames, casts and literals of types Substrait has not, field metadata, null-aware joins,
//! unnest. What Substrait has no word for is a `pinion_…` function, a function option or an extension relation (see
//! README.md). After each produce the bytes are consumed again and both plans are compared (verify/); a difference
//! is refused with the reason.

mod consumer;
mod encoding;
mod names;
pub mod order;
mod producer;
mod read;
mod types;
mod verify;

use std::ffi::c_void;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion_substrait::substrait::proto::Plan as ProtoPlan;
use futures::FutureExt;
use prost::Message;

use crate::error::{Failure, Result, pne_error, status};
use crate::guard::{guard_on, panic_failure};
use crate::handle::Handle;
use crate::plan::{Plan, pne_plan};
use crate::session::{Session, Space, pne_session};
use crate::view::{self, pne_sink};

/// Produces, and proves that nothing was lost. A restored plan is produced to be compared, which proves more.
async fn produce(plan: &Plan) -> Result<Vec<u8>> {
    let state = plan.state();
    let optimised = order::steady(&plan.optimised(&state)?)?;
    let proto = producer::produce(&optimised)?;
    if plan.restored {
        return Ok(proto.encode_to_vec());
    }
    let (again, _) = consumer::consume(&proto, &state).await.map_err(|failure| {
        let failure = Failure { status: status::UNSUPPORTED, ..failure };
        failure.context("the plan cannot be read back from Substrait")
    })?;
    verify::same(&optimised, &again)?;
    Ok(proto.encode_to_vec())
}

async fn decode(bytes: &[u8], state: &SessionState) -> Result<(LogicalPlan, bool)> {
    let proto = ProtoPlan::decode(bytes)
        .map_err(|e| Failure::new(status::CORRUPT, format!("the Substrait plan cannot be decoded: {e}")))?;
    // The crate's consumer trusts what it reads: a damaged plan makes it panic. It changes nothing outside itself, so
    // that is an error of the plan and no reason to give up the session.
    let consumed = AssertUnwindSafe(consumer::consume(&proto, state)).catch_unwind().await;
    consumed.unwrap_or_else(|payload| {
        let failure = panic_failure(payload);
        Err(Failure { status: status::CORRUPT, ..failure }.context("the Substrait plan is damaged"))
    })
}

async fn from_bytes(session: Arc<Session>, space: Space, bytes: Vec<u8>) -> Result<Arc<Plan>> {
    let state = session.state(space);
    let (logical, on_raw_views) = decode(&bytes, &state).await?;
    // In the run space it is a plan that was compiled before.
    let mut plan = Plan::new(session, space, logical);
    plan.replayed = space == Space::Run && !on_raw_views;
    Ok(Arc::new(plan))
}

/// Makes a plan of Substrait bytes in space 0 (identity) or 1 (run).
///
/// Tables have one-part names and must be registered in that space with the columns the plan reads. CORRUPT: not a
/// plan. UNSUPPORTED names what is not understood. The caller checks the nesting depth of the bytes first.
/// `*out` is owned by the caller: pne_plan_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_plan_substrait(
    session: *const pne_session,
    space: i32,
    bytes: *const u8,
    len: usize,
    out: *mut *mut pne_plan,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        // SAFETY: the caller passes `len` readable bytes.
        let bytes = unsafe { view::bytes(bytes, len, "Substrait plan")? }.to_owned();
        let space = Space::from_c(space)?;
        let owner = Arc::clone(&session.content);
        let plan = session.content.engine().plan_async(None, move || from_bytes(owner, space, bytes))?;
        // SAFETY: the caller passes NULL or a writable place.
        unsafe { pne_plan::new(plan).give(out) }
    })
}

/// Gives the optimised plan as Substrait bytes, which are not canonical: extension order differs from call to call.
///
/// UNSUPPORTED: the plan cannot be represented without loss, with the reason; nothing is dropped silently.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_plan_to_substrait(
    plan: *const pne_plan,
    sink: pne_sink,
    ctx: *mut c_void,
    err: *mut pne_error,
) -> i32 {
    guard_on(plan, err, |plan| {
        let source = Arc::clone(&plan.content);
        let engine = plan.content.session().engine();
        let bytes = engine.plan_async(None, move || async move { produce(&source).await })?;
        // SAFETY: the caller passes a callable sink.
        unsafe { view::emit(sink, ctx, &bytes) }
    })
}
