//! Names: a plan has them everywhere, Substrait at its ends only.

use std::collections::HashSet;

use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::TableReference;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Projection};

use crate::error::Result;

/// Substrait names the fields of structs depth first; lists and maps have no names of their own.
pub fn flatten_names(field: &Field, named: bool, names: &mut Vec<String>) {
    if named {
        names.push(field.name().clone());
    }
    match field.data_type() {
        DataType::Struct(fields) => fields.iter().for_each(|field| flatten_names(field, true, names)),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            flatten_names(item, false, names);
        }
        DataType::ListView(item) | DataType::LargeListView(item) => flatten_names(item, false, names),
        DataType::Map(entries, _) => {
            if let DataType::Struct(pair) = entries.data_type() {
                pair.iter().for_each(|field| flatten_names(field, false, names));
            }
        }
        _ => {}
    }
}

/// The expressions of one node, with different names as fields and as columns of their tables: a cast of `t.a` is a field
/// called `t.a`. Substrait has no names there.
#[derive(Default)]
pub struct UniqueNames(HashSet<String>);

impl UniqueNames {
    /// The expression, renamed when its name is taken.
    pub fn make_unique(&mut self, expr: Expr) -> Expr {
        let (_, name) = expr.qualified_name();
        let shown = expr.schema_name().to_string();
        if !self.0.contains(&name) && !self.0.contains(&shown) {
            self.0.extend([name, shown]);
            return expr;
        }
        let mut n = 1;
        while !self.0.insert(format!("{name}__{n}")) {
            n += 1;
        }
        expr.alias(format!("{name}__{n}"))
    }
}

/// The plan with columns of different names, whatever their qualifiers are.
pub fn distinct_names(plan: LogicalPlan) -> Result<LogicalPlan> {
    let mut seen = HashSet::new();
    if plan.schema().fields().iter().all(|field| seen.insert(field.name().clone())) {
        return Ok(plan);
    }
    let mut names = UniqueNames::default();
    let columns: Vec<Expr> =
        plan.schema().columns().into_iter().map(|column| names.make_unique(Expr::Column(column))).collect();
    Ok(LogicalPlanBuilder::from(plan).project(columns)?.build()?)
}

/// The plan with columns of different names and no qualifiers.
pub fn plain_names(plan: LogicalPlan) -> Result<LogicalPlan> {
    let mut names = UniqueNames::default();
    let plain =
        plan.schema().iter().all(|(qualifier, field)| qualifier.is_none() && names.0.insert(field.name().clone()));
    if plain {
        return Ok(plan);
    }
    let mut names = UniqueNames::default();
    let columns: Vec<Expr> = plan
        .schema()
        .columns()
        .into_iter()
        .map(|column| {
            let name = column.name.clone();
            names.make_unique(Expr::Column(column).alias(name))
        })
        .collect();
    Ok(LogicalPlanBuilder::from(plan).project(columns)?.build()?)
}

/// The plan with these names of its columns, which may repeat. None when the names inside the types differ too.
pub fn with_output_names(plan: LogicalPlan, names: &[String]) -> Result<Option<LogicalPlan>> {
    let mut wanted = Vec::new();
    let mut rest = names;
    for field in plan.schema().fields() {
        let mut own = Vec::new();
        flatten_names(field, true, &mut own);
        if rest.len() < own.len() || rest[1..own.len()] != own[1..] {
            return Ok(None);
        }
        wanted.push(&rest[0]);
        rest = &rest[own.len()..];
    }
    if !rest.is_empty() {
        return Ok(None);
    }
    if plan.schema().fields().iter().zip(&wanted).all(|(field, name)| field.name() == *name) {
        return Ok(Some(plan));
    }
    let (columns, input) = match plan {
        LogicalPlan::Projection(top) => (top.expr, top.input),
        other => (other.schema().columns().into_iter().map(Expr::Column).collect(), other.into()),
    };
    let named = columns.into_iter().enumerate().map(|(i, column)| {
        let repeats = wanted.iter().filter(|name| *name == &wanted[i]).count() > 1;
        let qualifier = repeats.then(|| TableReference::bare(format!("output_{i}")));
        column.alias_qualified(qualifier, wanted[i])
    });
    Ok(Some(LogicalPlan::Projection(Projection::try_new(named.collect(), input)?)))
}
