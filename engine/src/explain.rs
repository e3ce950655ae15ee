//! Renderings of a plan as indented text.

use std::ffi::c_void;
use std::sync::Arc;

use datafusion::physical_plan::display::DisplayableExecutionPlan;
use datafusion::physical_plan::{displayable, execute_stream};
use futures::StreamExt;

use crate::error::{Failure, Result, pne_error, status};
use crate::guard::guard_on;
use crate::plan::{Plan, pne_plan};
use crate::stream;
use crate::view::{self, pne_sink};

#[derive(Clone, Copy)]
enum Kind {
    Logical,
    Optimised,
    Physical,
    Analyze,
}

impl Kind {
    fn from_c(number: i32) -> Result<Self> {
        match number {
            0 => Ok(Kind::Logical),
            1 => Ok(Kind::Optimised),
            2 => Ok(Kind::Physical),
            3 => Ok(Kind::Analyze),
            _ => {
                let text = format!("there is no explain kind {number}; 0 logical, 1 optimised, 2 physical, 3 analyze");
                Err(Failure::new(status::INVALID, text))
            }
        }
    }
}

async fn render(plan: Arc<Plan>, kind: Kind) -> Result<String> {
    match kind {
        Kind::Logical => Ok(plan.logical().display_indent().to_string()),
        Kind::Optimised => Ok(plan.optimised()?.display_indent().to_string()),
        Kind::Physical => {
            plan.must_run()?;
            let physical = stream::physical(&plan, &plan.state()).await?;
            Ok(displayable(physical.as_ref()).indent(false).to_string())
        }
        Kind::Analyze => analyze(&plan).await,
    }
}

/// Runs the query, throws its rows away, and shows what each operator did.
async fn analyze(plan: &Plan) -> Result<String> {
    plan.must_run()?;
    let state = plan.state();
    let physical = stream::physical(plan, &state).await?;
    let (counted, context) = (Arc::clone(&physical), state.task_ctx());
    let run = plan.session().engine().runtime().spawn(async move {
        let mut rows = execute_stream(counted, context)?;
        while let Some(batch) = rows.next().await {
            batch?;
        }
        Ok::<(), Failure>(())
    });
    run.await.map_err(crate::engine::join_failure)??;
    Ok(DisplayableExecutionPlan::with_metrics(physical.as_ref()).indent(true).to_string())
}

/// Gives a rendering as indented text: kind 0 logical, 1 optimised, 2 physical, 3 analyze (runs the query and shows
/// the work of each operator). 2 and 3 are for the run space.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_plan_explain(
    plan: *const pne_plan,
    kind: i32,
    sink: pne_sink,
    ctx: *mut c_void,
    err: *mut pne_error,
) -> i32 {
    guard_on(plan, err, |plan| {
        let kind = Kind::from_c(kind)?;
        let source = Arc::clone(&plan.content);
        let engine = plan.content.session().engine();
        let text = engine.plan_async(None, move || render(source, kind))?;
        // SAFETY: the caller passes a callable sink.
        unsafe { view::emit(sink, ctx, text.as_bytes()) }
    })
}
