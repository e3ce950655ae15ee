//! Joins: equalities of the two sides become keys again, whatever they are made of.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use datafusion::common::{Column, DFSchema, JoinConstraint, JoinType, NullEquality};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    BinaryExpr, Expr, ExprSchemable, Join, LogicalPlan, LogicalPlanBuilder, Operator, requalify_sides_if_needed,
};
use datafusion_substrait::logical_plan::consumer::SubstraitConsumer;
use datafusion_substrait::substrait::proto::JoinRel;
use datafusion_substrait::substrait::proto::join_rel::JoinType as ProtoJoinType;

use super::Consumer;
use crate::error::Result;
use crate::substrait::encoding as words;
use crate::substrait::names::distinct_names;

type Keys = Vec<(Expr, Expr)>;

impl Consumer<'_> {
    pub(super) async fn join(&self, rel: &JoinRel) -> Result<LogicalPlan> {
        let (Some(left), Some(right)) = (&rel.left, &rel.right) else {
            return Err(words::corrupt("a join without an input in a Substrait plan"));
        };
        if rel.post_join_filter.is_some() {
            return Err(words::unsupported("a join of the Substrait plan has a filter after it"));
        }
        let kind = join_type(rel.r#type())?;
        let null_aware = is_null_aware(rel)?;
        let left = distinct_names(self.consume_rel(left).await?)?;
        let right = distinct_names(self.consume_rel(right).await?)?;
        let (left, right) = self.sides(left, right, kind)?;
        let schema = left.schema().join(right.schema())?;
        let condition = match &rel.expression {
            Some(expression) => split_conjunction_owned(self.consume_expression(expression, &schema).await?),
            None => Vec::new(),
        };
        let (on, filter, null_equality) = keys(condition, left.schema(), right.schema())?;
        let (left, right) = (Arc::new(left), Arc::new(right));
        let constraint = JoinConstraint::On;
        let made = Join::try_new(left, right, on, filter, kind, constraint, null_equality, null_aware)?;
        Ok(LogicalPlan::Join(made))
    }

    /// The inputs, qualified where they have names in common.
    fn sides(&self, left: LogicalPlan, right: LogicalPlan, kind: JoinType) -> Result<(LogicalPlan, LogicalPlan)> {
        // The mark is named after the side that is looked up, so each such side needs a name of its own.
        let n = self.joins.fetch_add(1, Ordering::Relaxed);
        let alias =
            |plan: LogicalPlan, word: &str| LogicalPlanBuilder::from(plan).alias(format!("{word}_{n}"))?.build();
        match kind {
            JoinType::LeftMark => Ok((alias(left, "side")?, alias(right, "mark")?)),
            JoinType::RightMark => Ok((alias(left, "mark")?, alias(right, "side")?)),
            _ => {
                let (left, right) = (LogicalPlanBuilder::from(left), LogicalPlanBuilder::from(right));
                let (left, right, _) = requalify_sides_if_needed(left, right)?;
                Ok((left.build()?, right.build()?))
            }
        }
    }
}

fn is_null_aware(rel: &JoinRel) -> Result<bool> {
    match rel.advanced_extension.as_ref().and_then(|extension| extension.enhancement.as_ref()) {
        None => Ok(false),
        Some(any) if any.type_url == words::NULL_AWARE => Ok(true),
        Some(any) => {
            let text = format!("the enhancement '{}' of a join in a Substrait plan is unknown", any.type_url);
            Err(words::unsupported(text))
        }
    }
}

fn join_type(kind: ProtoJoinType) -> Result<JoinType> {
    Ok(match kind {
        ProtoJoinType::Inner => JoinType::Inner,
        ProtoJoinType::Left => JoinType::Left,
        ProtoJoinType::Right => JoinType::Right,
        ProtoJoinType::Outer => JoinType::Full,
        ProtoJoinType::LeftSemi => JoinType::LeftSemi,
        ProtoJoinType::RightSemi => JoinType::RightSemi,
        ProtoJoinType::LeftAnti => JoinType::LeftAnti,
        ProtoJoinType::RightAnti => JoinType::RightAnti,
        ProtoJoinType::LeftMark => JoinType::LeftMark,
        ProtoJoinType::RightMark => JoinType::RightMark,
        other => return Err(words::unsupported(format!("joins of kind {}", other.as_str_name()))),
    })
}

/// The equalities between the sides, as (left, right), and what is left of the condition. All keys of a join treat
/// nulls the same way; of two ways `=` comes first.
fn keys(condition: Vec<Expr>, left: &DFSchema, right: &DFSchema) -> Result<(Keys, Option<Expr>, NullEquality)> {
    let (mut equal, mut same, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for part in condition {
        match part {
            Expr::BinaryExpr(BinaryExpr {
                left: a,
                op: op @ (Operator::Eq | Operator::IsNotDistinctFrom),
                right: b,
            }) => {
                let keys = if op == Operator::Eq { &mut equal } else { &mut same };
                if is_key(&a, left, &b, right)? {
                    keys.push((*a, *b));
                } else if is_key(&b, left, &a, right)? {
                    keys.push((*b, *a));
                } else {
                    rest.push(Expr::BinaryExpr(BinaryExpr { left: a, op, right: b }));
                }
            }
            other => rest.push(other),
        }
    }
    if equal.is_empty() && !same.is_empty() {
        return Ok((same, conjunction(rest), NullEquality::NullEqualsNull));
    }
    let rebuilt = same.into_iter().map(|(a, b)| {
        Expr::BinaryExpr(BinaryExpr { left: Box::new(a), op: Operator::IsNotDistinctFrom, right: Box::new(b) })
    });
    rest.extend(rebuilt);
    Ok((equal, conjunction(rest), NullEquality::NullEqualsNothing))
}

/// Whether `a` is made of the left side alone, `b` of the right, and both are of one type.
fn is_key(a: &Expr, left: &DFSchema, b: &Expr, right: &DFSchema) -> Result<bool> {
    let of = |expr: &Expr, schema: &DFSchema| {
        let columns = expr.column_refs();
        let all = columns.iter().all(|column: &&Column| schema.has_column(column));
        !columns.is_empty() && all && !expr.contains_outer() && !expr.is_volatile()
    };
    Ok(of(a, left) && of(b, right) && a.get_type(left)? == b.get_type(right)?)
}
