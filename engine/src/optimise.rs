//! How much of the optimizer a plan still needs.
//!
//! A plan that is replayed from Substrait was optimised when it was compiled. What it still lacks is what its stubs
//! could not know: the clock, the types in which tables and views hold what a stub calls text or bytes (views of the
//! engine are of other types than what they publish), and what they can take over. So type coercion and four rules run
//! over it once instead of all rules until nothing changes. A plan that holds what those rules do not remove (subqueries
//! that see what is outside, DISTINCT as a node) or stands on a view as its SQL says gets them all.

use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::optimizer::AnalyzerRule;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercion;
use datafusion::optimizer::optimize_projections::OptimizeProjections;
use datafusion::optimizer::push_down_filter::PushDownFilter;
use datafusion::optimizer::push_down_limit::PushDownLimit;
use datafusion::optimizer::simplify_expressions::SimplifyExpressions;
use datafusion::optimizer::{Optimizer, OptimizerContext, OptimizerRule};

use crate::error::Result;

/// The definition of a view whose plan is a replayed one.
pub const REPLAYED: &str = "replayed";

/// Optimises a plan; `replayed` says that it was optimised before. Recursive: planning threads only.
pub fn optimise(state: &SessionState, plan: &LogicalPlan, replayed: bool) -> Result<LogicalPlan> {
    if !replayed || needs_all_rules(plan)? {
        return Ok(state.optimize(plan)?);
    }
    let rules: Vec<Arc<dyn OptimizerRule + Send + Sync>> = vec![
        Arc::new(SimplifyExpressions::new()),
        Arc::new(PushDownLimit::new()),
        Arc::new(PushDownFilter::new()),
        Arc::new(OptimizeProjections::new()),
    ];
    let coerced = TypeCoercion::new().analyze(plan.clone(), state.config_options())?;
    let mut context = OptimizerContext::new_with_config_options(Arc::clone(state.config_options())).with_max_passes(1);
    if let Some(start) = state.execution_props().query_execution_start_time {
        context = context.with_query_execution_start_time(start);
    }
    Ok(Optimizer::with_rules(rules).optimize(coerced, &context, |_, _| {})?)
}

/// A subquery that stands for one value and sees nothing outside is left by all rules, and planned as it is.
fn needs_all_rules(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        found |= match node {
            LogicalPlan::Subquery(subquery) => !subquery.outer_ref_columns.is_empty(),
            other => matches!(other, LogicalPlan::Distinct(_) | LogicalPlan::Explain(_)),
        };
        node.apply_expressions(|expr| {
            found |= expr.exists(|part| Ok(is_subquery(part)))?;
            Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })?;
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}

fn is_subquery(expr: &Expr) -> bool {
    matches!(expr, Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_) | Expr::OuterReferenceColumn(..))
}
