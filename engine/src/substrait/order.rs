//! Gives columns that nobody sees an order of their own.
//!
//! Columns that only a sort or an unnest needs are gathered in sets by the engine, so they stand in another order in
//! each process. Where everything above goes by names, they are put in the order of what they mean.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::logical_expr::{Aggregate, Distinct, Expr, LogicalPlan, Projection};

use super::verify::{Columns, columns_of};
use crate::error::Result;

/// Whether the order of a node's columns is seen.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Seen,
    Unseen,
    /// Unseen, below a sort or an unnest.
    Gathered,
}

impl Place {
    /// The place of the inputs of a node in this place.
    fn below(self, node: &LogicalPlan) -> Place {
        use LogicalPlan as P;
        match (node, self) {
            (P::Projection(_) | P::Aggregate(_), Place::Seen) => Place::Unseen,
            (P::Sort(_) | P::Unnest(_), Place::Unseen) => Place::Gathered,
            (P::Projection(_) | P::Aggregate(_) | P::Sort(_) | P::Unnest(_), place) => place,
            (P::Filter(_) | P::Limit(_) | P::SubqueryAlias(_) | P::Window(_) | P::Join(_), place) => place,
            (P::Distinct(Distinct::All(_)), place) => place,
            _ => Place::Seen,
        }
    }
}

/// The plan with its unseen columns in order.
pub fn steady(plan: &Arc<LogicalPlan>) -> Result<Arc<LogicalPlan>> {
    if !has_gathered(plan, Place::Seen) {
        return Ok(Arc::clone(plan));
    }
    let columns = columns_of(plan)?;
    Ok(ordered(plan, Place::Seen, &columns)?.map_or_else(|| Arc::clone(plan), Arc::new))
}

fn has_gathered(plan: &LogicalPlan, place: Place) -> bool {
    let sorted = matches!(plan, LogicalPlan::Projection(_) | LogicalPlan::Aggregate(_));
    let below = place.below(plan);
    (sorted && place == Place::Gathered) || plan.inputs().into_iter().any(|input| has_gathered(input, below))
}

/// None when nothing changes.
fn ordered(plan: &LogicalPlan, place: Place, columns: &Columns) -> Result<Option<LogicalPlan>> {
    let below = place.below(plan);
    let mut changed = false;
    let mut inputs = Vec::new();
    for input in plan.inputs() {
        let made = ordered(input, below, columns)?;
        changed |= made.is_some();
        inputs.push(made.unwrap_or_else(|| input.clone()));
    }
    let meanings = columns.get(&std::ptr::from_ref(plan)).filter(|_| place == Place::Gathered);
    match (plan, meanings) {
        // What goes by names needs no projection that only changes places.
        (LogicalPlan::Projection(node), Some(_)) if only_moves(node) => Ok(Some(inputs.remove(0))),
        (LogicalPlan::Projection(node), Some(meanings)) => {
            let exprs = in_order(&node.expr, meanings);
            Ok(Some(LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(inputs.remove(0)))?)))
        }
        (LogicalPlan::Aggregate(node), Some(meanings)) => {
            let n = node.schema.fields().len() - node.aggr_expr.len();
            let aggregates = in_order(&node.aggr_expr, &meanings[n..]);
            let made = Aggregate::try_new(Arc::new(inputs.remove(0)), node.group_expr.clone(), aggregates)?;
            Ok(Some(LogicalPlan::Aggregate(made)))
        }
        _ if changed => Ok(Some(plan.with_new_exprs(plan.expressions(), inputs)?)),
        _ => Ok(None),
    }
}

fn in_order(exprs: &[Expr], meanings: &[u64]) -> Vec<Expr> {
    let mut places: Vec<usize> = (0..exprs.len()).collect();
    places.sort_by_key(|i| meanings[*i]);
    places.into_iter().map(|i| exprs[i].clone()).collect()
}

fn only_moves(node: &Projection) -> bool {
    let columns: HashSet<_> = node.expr.iter().filter_map(Expr::try_as_col).collect();
    columns.len() == node.expr.len() && columns.len() == node.input.schema().fields().len()
}
