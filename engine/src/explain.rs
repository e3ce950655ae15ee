//! Renderings of a plan: text for people, JSON for artifacts, and bytes where a codec exists.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::Arc;
use std::time::Instant;

use datafusion::common::stats::Precision;
use datafusion::common::{ScalarValue, Statistics};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::display::DisplayableExecutionPlan;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, displayable, execute_stream};
use datafusion_proto::bytes::physical_plan_to_bytes;
use futures::StreamExt;
use serde_json::{Value, json};

use crate::cancel::{self, Stopped, pne_cancel};
use crate::error::{Failure, Result, pne_error, status};
use crate::guard::guard_on;
use crate::plan::{Plan, pne_plan};
use crate::restore;
use crate::stream;
use crate::view::{self, pne_sink};

#[derive(Clone, Copy)]
enum Kind {
    Logical,
    Optimised,
    Physical,
    Analyze,
    Request,
    LogicalForms,
    PhysicalForms,
    Stages,
    Analysis,
    PhysicalBytes,
    Planners,
    KeptBytes,
}

impl Kind {
    fn from_c(number: i32) -> Result<Self> {
        match number {
            0 => Ok(Kind::Logical),
            1 => Ok(Kind::Optimised),
            2 => Ok(Kind::Physical),
            3 => Ok(Kind::Analyze),
            4 => Ok(Kind::Request),
            5 => Ok(Kind::LogicalForms),
            6 => Ok(Kind::PhysicalForms),
            7 => Ok(Kind::Stages),
            8 => Ok(Kind::Analysis),
            9 => Ok(Kind::PhysicalBytes),
            10 => Ok(Kind::KeptBytes),
            11 => Ok(Kind::Planners),
            _ => Err(Failure::new(status::INVALID, format!("there is no rendering {number} of a plan; 0 to 11"))),
        }
    }
}

async fn render(plan: Arc<Plan>, kind: Kind) -> Result<Vec<u8>> {
    let text = match kind {
        Kind::Logical => plan.logical().display_indent().to_string(),
        Kind::Optimised => plan.optimised(&plan.state())?.display_indent().to_string(),
        Kind::Physical => displayable(physical(&plan).await?.as_ref()).indent(false).to_string(),
        Kind::Analyze => analyze(&plan).await?["plan"].as_str().unwrap_or_default().to_owned(),
        Kind::Request => sorted(plan.request.clone()),
        Kind::Planners => json!(plan.planners).to_string(),
        Kind::LogicalForms => sorted(logical_forms(plan.optimised(&plan.state())?.as_ref())),
        Kind::PhysicalForms => sorted(physical_forms(physical(&plan).await?.as_ref())?),
        Kind::Stages => sorted(stages(&plan)?),
        Kind::Analysis => sorted(analyze(&plan).await?),
        Kind::PhysicalBytes => return physical_bytes(physical(&plan).await?),
        Kind::KeptBytes => return restore::keep(&plan),
    };
    Ok(text.into_bytes())
}

fn sorted(mut value: Value) -> String {
    value.sort_all_objects();
    value.to_string()
}

async fn physical(plan: &Plan) -> Result<Arc<dyn ExecutionPlan>> {
    plan.must_run()?;
    stream::physical(plan, &plan.state()).await
}

fn logical_forms(plan: &LogicalPlan) -> Value {
    json!({
        "text": plan.display_indent_schema().to_string(),
        "graphviz": plan.display_graphviz().to_string(),
        "pgjson": plan.display_pg_json().to_string(),
    })
}

fn physical_forms(plan: &dyn ExecutionPlan) -> Result<Value> {
    let shown = displayable(plan);
    let mut operators = BTreeMap::new();
    let mut dynamic_filters = 0;
    let mut open = vec![plan];
    while let Some(next) = open.pop() {
        *operators.entry(next.name().to_owned()).or_insert(0u64) += 1;
        dynamic_filters += u64::from(displayable(next).one_line().to_string().contains("DynamicFilter"));
        open.extend(next.children().into_iter().map(AsRef::as_ref));
    }
    let repartitions = operators.get("RepartitionExec").copied().unwrap_or(0);
    Ok(json!({
        "text": shown.indent(true).to_string(),
        "tree": shown.tree_render().to_string(),
        "graphviz": shown.graphviz().to_string(),
        "operators": operators,
        "partition_count": plan.output_partitioning().partition_count(),
        "repartition_count": repartitions,
        "dynamic_filter_count": dynamic_filters,
        "statistics": statistics(&*StatisticsContext::new().compute(plan, &StatisticsArgs::new())?, plan),
    }))
}

/// A figure and whether it is exact; null when nothing is known. Numbers are text, as 64-bit numbers are everywhere.
fn figure<T: std::fmt::Debug + Clone + PartialEq + Eq + PartialOrd + ToString>(known: &Precision<T>) -> Value {
    match known {
        Precision::Exact(value) => json!({"exact": true, "value": value.to_string()}),
        Precision::Inexact(value) => json!({"exact": false, "value": value.to_string()}),
        Precision::Absent => Value::Null,
    }
}

fn statistics(known: &Statistics, plan: &dyn ExecutionPlan) -> Value {
    let shown = |value: &Precision<ScalarValue>| figure(value);
    let schema = plan.schema();
    let fields = schema.fields().iter();
    let columns: Vec<Value> = fields
        .zip(&known.column_statistics)
        .map(|(field, column)| {
            json!({
                "name": field.name(),
                "null_count": figure(&column.null_count),
                "min": shown(&column.min_value),
                "max": shown(&column.max_value),
                "distinct_count": figure(&column.distinct_count),
            })
        })
        .collect();
    json!({
        "rows": figure(&known.num_rows),
        "bytes": figure(&known.total_byte_size),
        "columns": columns
    })
}

/// The plan after each rule of analyzer and optimizer that changed it, as EXPLAIN VERBOSE gives it.
fn stages(plan: &Plan) -> Result<Value> {
    let state = plan.state();
    let mut rows = vec![json!({
        "plan_type": "initial_logical_plan",
        "plan": plan.logical().display_indent().to_string()
    })];
    let mut last = plan.logical().display_indent().to_string();
    let mut note = |rule: &str, after: &LogicalPlan| {
        let text = after.display_indent().to_string();
        if text != last {
            rows.push(json!({"plan_type": format!("logical_plan after {rule}"), "plan": text}));
            last = text;
        }
    };
    let analyzed =
        state.analyzer().execute_and_check(plan.logical().clone(), state.config_options(), |after, rule| {
            note(rule.name(), after);
        })?;
    state.optimizer().optimize(analyzed, &state, |after, rule| note(rule.name(), after))?;
    rows.push(json!({"plan_type": "logical_plan", "plan": last}));
    Ok(Value::Array(rows))
}

/// Runs the query, throws its rows away, and shows what each operator did.
///
/// The task ends with this future, so a caller that is cancelled leaves nothing running.
async fn analyze(plan: &Plan) -> Result<Value> {
    plan.must_run()?;
    let state = plan.state();
    let physical = stream::physical(plan, &state).await?;
    let (counted, context) = (Arc::clone(&physical), state.task_ctx());
    let run = plan.session().engine().runtime().spawn(async move {
        let began = Instant::now();
        let mut rows = execute_stream(counted, context)?;
        let (mut row_count, mut batch_count) = (0u64, 0u64);
        while let Some(batch) = rows.next().await {
            row_count += batch?.num_rows() as u64;
            batch_count += 1;
        }
        Ok::<_, Failure>((row_count, batch_count, began.elapsed()))
    });
    let _stopped = Stopped(run.abort_handle());
    let (rows, batches, duration) = run.await.map_err(crate::engine::join_failure)??;
    Ok(json!({
        "plan": DisplayableExecutionPlan::with_metrics(physical.as_ref()).indent(true).to_string(),
        "output_rows": rows.to_string(),
        "output_batches": batches.to_string(),
        "duration_us": duration.as_micros().to_string(),
    }))
}

/// UNSUPPORTED names the operator that no codec knows, a scan of a Delta table above all.
fn physical_bytes(plan: Arc<dyn ExecutionPlan>) -> Result<Vec<u8>> {
    let encoded = physical_plan_to_bytes(plan).map_err(|error| {
        let failure = Failure::from(error).context("the physical plan has no codec");
        Failure { status: status::UNSUPPORTED, ..failure }
    })?;
    Ok(encoded.to_vec())
}

/// Gives a rendering. As indented text: 0 logical, 1 optimised, 2 physical, 3 analyze (runs the query and shows the
/// work of each operator). As JSON: 4 what the statement of a plan that was taken apart asks for; 5 {"text","graphviz",
/// "pgjson"} of the optimised plan; 6 {"text","tree","graphviz","operators","partition_count","repartition_count",
/// "dynamic_filter_count","statistics"} of the physical plan; 7 [{"plan_type","plan"}] after each rule; 8 {"plan",
/// "output_rows","output_batches","duration_us"} of a run; 11 the names of the planners that decided something. As bytes: 9 the physical plan, UNSUPPORTED where an operator
/// has no codec; 10 the optimised plan of the identity space for pne_plan_restore() of this engine build, UNSUPPORTED
/// where a part has no form. 2, 3, 6, 8 and 9 are for the run space. `cancel` may be NULL; a run that it ends is over
/// when this returns, or half a second has passed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_plan_explain(
    plan: *const pne_plan,
    kind: i32,
    cancel: *const pne_cancel,
    sink: pne_sink,
    ctx: *mut c_void,
    err: *mut pne_error,
) -> i32 {
    guard_on(plan, err, |plan| {
        let kind = Kind::from_c(kind)?;
        // SAFETY: the caller passes NULL or a live token.
        let cancel = unsafe { cancel::optional(cancel)? };
        let source = Arc::clone(&plan.content);
        let engine = plan.content.session().engine();
        let made = match kind {
            Kind::Analyze | Kind::Analysis => engine.run_deep(cancel, move || render(source, kind))?,
            _ => engine.plan_async(cancel.as_deref(), move || render(source, kind))?,
        };
        // SAFETY: the caller passes a callable sink.
        unsafe { view::emit(sink, ctx, &made) }
    })
}
