//! Projections, in one step with what they emit.
//!
//! The crate makes a projection of all columns of the input beside the expressions, then takes of it what is emitted.
//! It gathers windows in a set too, so that their order differs from process to process; here they keep theirs.

use std::sync::Arc;

use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::builder::project;
use datafusion::logical_expr::utils::find_window_exprs;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Projection};
use datafusion_substrait::logical_plan::consumer::SubstraitConsumer;
use datafusion_substrait::substrait::proto::ProjectRel;
use datafusion_substrait::substrait::proto::rel_common::EmitKind;

use super::Consumer;
use crate::error::Result;
use crate::substrait::encoding as words;
use crate::substrait::names::UniqueNames;

impl Consumer<'_> {
    pub(super) async fn project(&self, rel: &ProjectRel) -> Result<LogicalPlan> {
        let Some(input) = &rel.input else {
            return Err(words::corrupt("a projection without an input in a Substrait plan"));
        };
        let wanted = self.take_names();
        let input = self.consume_rel(input).await?;
        let schema = Arc::clone(input.schema());
        let mut own = Vec::with_capacity(rel.expressions.len());
        for expression in &rel.expressions {
            own.push(self.consume_expression(expression, &schema).await?);
        }
        let windows = find_window_exprs(&own);
        let width = schema.fields().len();
        let all = width + own.len();
        let emitted = match rel.common.as_ref().and_then(|common| common.emit_kind.as_ref()) {
            Some(EmitKind::Emit(emit)) => positions(&emit.output_mapping, all)?,
            _ => (0..all).collect(),
        };
        let pick = |i: &usize| if *i < width { column(&schema, *i) } else { own[*i - width].clone() };
        let mut names = UniqueNames::default();
        if repeats_volatile(&emitted, width, &own) {
            let whole = (0..all).map(|i| names.make_unique(pick(&i))).collect();
            let whole = projection(input, whole, windows)?;
            let mut names = UniqueNames::default();
            let picked = emitted.iter().map(|i| names.make_unique(column(whole.schema(), *i))).collect();
            return projection(whole, picked, Vec::new());
        }
        let exprs: Vec<Expr> = match wanted.filter(|wanted| wanted.len() == emitted.len()) {
            Some(wanted) => {
                emitted.iter().zip(wanted).map(|(i, name)| names.make_unique(named(pick(i), name))).collect()
            }
            None => emitted.iter().map(|i| names.make_unique(pick(i))).collect(),
        };
        projection(input, exprs, windows)
    }
}

fn named(expr: Expr, name: String) -> Expr {
    if expr.qualified_name().1 == name { expr } else { expr.alias(name) }
}

fn column(schema: &DFSchema, i: usize) -> Expr {
    Expr::Column(Column::from(schema.qualified_field(i)))
}

fn positions(mapping: &[i32], width: usize) -> Result<Vec<usize>> {
    let position = |i: &i32| usize::try_from(*i).ok().filter(|i| *i < width);
    let outside = || words::corrupt("a projection emits a column that it has not in a Substrait plan");
    mapping.iter().map(|i| position(i).ok_or_else(outside)).collect()
}

/// One call of random() must not become two.
fn repeats_volatile(emitted: &[usize], width: usize, own: &[Expr]) -> bool {
    let times = |at: usize| emitted.iter().filter(|i| **i == at).count();
    own.iter().enumerate().any(|(i, expr)| expr.is_volatile() && times(width + i) > 1)
}

fn projection(input: LogicalPlan, exprs: Vec<Expr>, windows: Vec<Expr>) -> Result<LogicalPlan> {
    if windows.is_empty() {
        return Ok(LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(input))?));
    }
    // The builder puts the columns of the windows in their place.
    Ok(project(LogicalPlanBuilder::window_plan(input, windows)?, exprs)?)
}
