//! The digest of an expression over the digests of the columns below it.

use datafusion::arrow::datatypes::Field;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::TreeNode;
use datafusion::logical_expr::expr::{Sort as SortKey, WindowFunction};
use datafusion::logical_expr::{Expr, LogicalPlan, Operator, WindowFrameBound};
use datafusion::scalar::ScalarValue;

use super::{Symbolic, digest};
use crate::error::Result;
use crate::substrait::encoding::{metadata_text, null_treatment_name, unsupported};

impl Symbolic<'_> {
    pub(super) fn sort_keys(
        &mut self,
        keys: &[SortKey],
        columns: &[u64],
        schema: &DFSchema,
    ) -> Result<Vec<(u64, bool, bool)>> {
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            found.push((self.expr(&key.expr, columns, schema)?, key.asc, key.nulls_first));
        }
        Ok(found)
    }

    pub(super) fn all(&mut self, exprs: &[Expr], columns: &[u64], schema: &DFSchema) -> Result<Vec<u64>> {
        exprs.iter().map(|expr| self.expr(expr, columns, schema)).collect()
    }

    pub(super) fn subquery(
        &mut self,
        kind: &str,
        plan: &LogicalPlan,
        columns: &[u64],
        schema: &DFSchema,
    ) -> Result<u64> {
        // The scopes live as long as this call; a fresh evaluator borrows them for that long.
        let mut inner = Symbolic {
            outer: self.outer.clone(),
            lambdas: self.lambdas.clone(),
            recursions: self.recursions.clone(),
            seen: None,
        };
        inner.outer.push((columns.to_vec(), schema));
        let meaning = inner.plan(plan)?;
        Ok(digest((kind, meaning.rows, meaning.columns)))
    }

    /// The digest of one expression over the columns of its input.
    pub(super) fn expr(&mut self, expr: &Expr, columns: &[u64], schema: &DFSchema) -> Result<u64> {
        match expr {
            Expr::Column(column) => Ok(columns[schema.index_of_column(column)?]),
            Expr::OuterReferenceColumn(_, column) => {
                for (columns, schema) in self.outer.iter().rev() {
                    if let Ok(i) = schema.index_of_column(column) {
                        return Ok(columns[i]);
                    }
                }
                Err(unsupported(format!("column {column} belongs to no query around it")))
            }
            Expr::Alias(alias) => {
                let value = self.expr(&alias.expr, columns, schema)?;
                match &alias.metadata {
                    Some(metadata) if !metadata.is_empty() => Ok(digest(("metadata", value, metadata_text(metadata)))),
                    _ => Ok(value),
                }
            }
            Expr::Literal(value, metadata) => {
                let metadata = metadata.as_ref().filter(|metadata| !metadata.is_empty());
                Ok(literal(value, metadata.map(metadata_text)))
            }
            Expr::Between(between) => {
                let value = self.expr(&between.expr, columns, schema)?;
                let low = self.expr(&between.low, columns, schema)?;
                let high = self.expr(&between.high, columns, schema)?;
                Ok(if between.negated {
                    binary(Operator::Or, binary(Operator::Lt, value, low), binary(Operator::Lt, high, value))
                } else {
                    binary(Operator::And, binary(Operator::LtEq, low, value), binary(Operator::LtEq, value, high))
                })
            }
            Expr::Lambda(lambda) => {
                self.lambdas.push(lambda.params.clone());
                let body = self.expr(&lambda.body, columns, schema);
                self.lambdas.pop();
                Ok(digest(("lambda", lambda.params.len(), body?)))
            }
            Expr::LambdaVariable(variable) => {
                // The consumer renames parameters; their place tells them apart.
                let places = self.lambdas.iter().rev().enumerate();
                let found =
                    places.filter_map(|(out, names)| Some((out, names.iter().position(|n| *n == variable.name)?)));
                let place = found.into_iter().next();
                let place = place.ok_or_else(|| unsupported(format!("'{}' belongs to no lambda", variable.name)))?;
                Ok(digest(("parameter", place)))
            }
            Expr::ScalarSubquery(query) => self.subquery("scalar", &query.subquery, columns, schema),
            Expr::Exists(exists) => {
                let found = self.subquery("exists", &exists.subquery.subquery, columns, schema)?;
                Ok(negated(exists.negated, found))
            }
            Expr::InSubquery(query) => {
                let value = self.expr(&query.expr, columns, schema)?;
                let found = self.subquery("in", &query.subquery.subquery, columns, schema)?;
                Ok(negated(query.negated, digest(("in", value, found))))
            }
            Expr::SetComparison(query) => {
                let value = self.expr(&query.expr, columns, schema)?;
                let found = self.subquery("set", &query.subquery.subquery, columns, schema)?;
                Ok(digest(("set", value, found, query.op.to_string(), format!("{:?}", query.quantifier))))
            }
            _ => {
                let mut inputs = Vec::new();
                expr.apply_children(|child| {
                    inputs.push(self.expr(child, columns, schema)?);
                    Ok(datafusion::common::tree_node::TreeNodeRecursion::Continue)
                })?;
                attributes(expr, inputs)
            }
        }
    }
}

/// A bound in words; an offset of null is none, whatever its type.
fn bound_text(bound: &WindowFrameBound) -> String {
    match bound {
        WindowFrameBound::CurrentRow => "current".to_owned(),
        WindowFrameBound::Preceding(offset) if offset.is_null() => "unbounded preceding".to_owned(),
        WindowFrameBound::Following(offset) if offset.is_null() => "unbounded following".to_owned(),
        other => format!("{other:?}"),
    }
}

pub(super) fn literal(value: &ScalarValue, metadata: Option<String>) -> u64 {
    digest(("literal", value.data_type(), value, metadata))
}

fn negated(is: bool, value: u64) -> u64 {
    if is { digest(("not", [value])) } else { value }
}

/// A binary operation; comparisons are written one way, and commutative ones in one order.
pub(super) fn binary(op: Operator, a: u64, b: u64) -> u64 {
    match op {
        Operator::Gt => digest(("binary", Operator::Lt, b, a)),
        Operator::GtEq => digest(("binary", Operator::LtEq, b, a)),
        Operator::Eq | Operator::IsNotDistinctFrom => digest(("binary", op, a.min(b), a.max(b))),
        _ => digest(("binary", op, a, b)),
    }
}

/// Everything of an expression but its inputs, which are given as digests in order.
fn attributes(expr: &Expr, inputs: Vec<u64>) -> Result<u64> {
    Ok(match expr {
        Expr::BinaryExpr(node) => binary(node.op, inputs[0], inputs[1]),
        Expr::Like(like) => {
            let kind = if like.case_insensitive { "ilike" } else { "like" };
            negated(like.negated, digest((kind, inputs, like.escape_char)))
        }
        Expr::SimilarTo(like) => {
            negated(like.negated, digest(("similar", inputs, like.escape_char, like.case_insensitive)))
        }
        Expr::Not(_) => digest(("not", inputs)),
        Expr::InList(list) => negated(list.negated, digest(("in_list", inputs))),
        Expr::Case(case) => {
            digest(("case", inputs, case.expr.is_some(), case.when_then_expr.len(), case.else_expr.is_some()))
        }
        Expr::Cast(cast) => digest(("cast", inputs, cast.field.data_type(), metadata_of(&cast.field))),
        Expr::TryCast(cast) => digest(("try_cast", inputs, cast.field.data_type(), metadata_of(&cast.field))),
        Expr::ScalarFunction(call) => digest(("call", call.name(), inputs)),
        Expr::HigherOrderFunction(call) => digest(("call", call.func.name(), inputs)),
        Expr::AggregateFunction(call) => {
            let p = &call.params;
            let order: Vec<(bool, bool)> = p.order_by.iter().map(|key| (key.asc, key.nulls_first)).collect();
            let nulls = p.null_treatment.map(null_treatment_name);
            digest(("aggregate", call.func.name(), inputs, p.args.len(), p.distinct, p.filter.is_some(), order, nulls))
        }
        Expr::WindowFunction(window) => window_attributes(window, inputs),
        Expr::Placeholder(parameter) => {
            digest(("parameter", &parameter.id, parameter.field.as_ref().map(|field| field.data_type())))
        }
        Expr::IsNotNull(_)
        | Expr::IsNull(_)
        | Expr::IsTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNotFalse(_)
        | Expr::IsNotUnknown(_)
        | Expr::Negative(_) => digest((expr.variant_name(), inputs)),
        other => return Err(unsupported(format!("cannot compare the expression {other}"))),
    })
}

fn window_attributes(window: &WindowFunction, inputs: Vec<u64>) -> u64 {
    let p = &window.params;
    let order: Vec<(bool, bool)> = p.order_by.iter().map(|key| (key.asc, key.nulls_first)).collect();
    let nulls = p.null_treatment.map(null_treatment_name);
    let (start, end) = (bound_text(&p.window_frame.start_bound), bound_text(&p.window_frame.end_bound));
    let frame = (p.window_frame.units.to_string(), start, end);
    let shape = (p.args.len(), p.partition_by.len(), p.distinct, p.filter.is_some());
    digest(("window", window.fun.name(), inputs, shape, order, nulls, frame))
}

fn metadata_of(field: &Field) -> String {
    metadata_text(&field.metadata().into())
}
