//! Are two plans the same but for names and projections?
//!
//! Each plan is evaluated symbolically: a node gets a digest of its rows (everything that decides which rows there
//! are) and one per output column (its expression over the columns of the tables). Projections and aliases vanish in
//! this form, which is what a round trip through Substrait changes; every attribute of every other node and
//! expression takes part, so an attribute that was lost shows.

mod expression;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use datafusion::common::{DFSchema, NullEquality};
use datafusion::logical_expr::utils::{grouping_set_to_exprlist, powerset, split_conjunction};
use datafusion::logical_expr::{
    Aggregate, Distinct, EmptyRelation, Expr, GroupingSet, Join, Limit, LogicalPlan, Operator, TableScan, Unnest,
};
use datafusion::scalar::ScalarValue;

use self::expression::{binary, literal};
use super::encoding::unsupported;
use crate::called;
use crate::error::Result;

/// Refuses a difference, naming the first kind of node that shows it.
pub fn same(before: &LogicalPlan, after: &LogicalPlan) -> Result<()> {
    let (old, new) = (before.schema(), after.schema());
    if old.fields().len() != new.fields().len() {
        return Err(unsupported("the plan has another number of columns after Substrait"));
    }
    for (a, b) in old.fields().iter().zip(new.fields()) {
        if a.name() != b.name() {
            return Err(unsupported(format!("column '{}' is called '{}' after Substrait", a.name(), b.name())));
        }
        if a.data_type() != b.data_type() || a.metadata() != b.metadata() {
            let text =
                format!("column '{}' changes from {} to {} in Substrait", a.name(), a.data_type(), b.data_type());
            return Err(unsupported(text));
        }
    }
    let (a, b) = (Symbolic::default().plan(before)?, Symbolic::default().plan(after)?);
    let changed = a.columns.iter().zip(&b.columns).position(|(a, b)| a != b);
    let what = match changed {
        Some(i) => format!("column '{}' means something else after Substrait", old.field(i).name()),
        None if a.rows != b.rows => "the rows mean something else after Substrait".to_owned(),
        None => return Ok(()),
    };
    let detail = format!("before:\n{}\nafter:\n{}", before.display_indent(), after.display_indent());
    Err(unsupported(what).with_detail(detail))
}

/// What the columns of projections and aggregates mean, by the node.
pub type Columns = HashMap<*const LogicalPlan, Vec<u64>>;

pub fn columns_of(plan: &LogicalPlan) -> Result<Columns> {
    let mut symbolic = Symbolic { seen: Some(Columns::new()), ..Symbolic::default() };
    symbolic.plan(plan)?;
    Ok(symbolic.seen.unwrap_or_default())
}

/// What a node stands for.
struct Meaning {
    rows: u64,
    columns: Vec<u64>,
}

fn digest(parts: impl Hash) -> u64 {
    // Fixed keys: the same in every process.
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

fn numbered(kind: &str, rows: u64, n: usize) -> Vec<u64> {
    (0..n).map(|i| digest((kind, rows, i))).collect()
}

#[derive(Default, Clone)]
struct Symbolic<'a> {
    /// The columns around a subquery, outermost first.
    outer: Vec<(Vec<u64>, &'a DFSchema)>,
    /// The parameters of the lambdas around an expression, outermost first.
    lambdas: Vec<Vec<String>>,
    /// The names of the recursive queries around; their places tell them apart.
    recursions: Vec<String>,
    /// What columns_of() gathers.
    seen: Option<Columns>,
}

impl<'a> Symbolic<'a> {
    fn plan(&mut self, plan: &'a LogicalPlan) -> Result<Meaning> {
        let meaning = self.node(plan)?;
        if let (Some(seen), LogicalPlan::Projection(_) | LogicalPlan::Aggregate(_)) = (&mut self.seen, plan) {
            seen.insert(std::ptr::from_ref(plan), meaning.columns.clone());
        }
        Ok(meaning)
    }

    fn node(&mut self, plan: &'a LogicalPlan) -> Result<Meaning> {
        match plan {
            LogicalPlan::Projection(node) => {
                let input = self.plan(&node.input)?;
                let columns = self.all(&node.expr, &input.columns, node.input.schema())?;
                Ok(Meaning { rows: input.rows, columns })
            }
            LogicalPlan::SubqueryAlias(node) => self.plan(&node.input),
            LogicalPlan::Filter(node) => {
                let input = self.plan(&node.input)?;
                self.filtered(input, std::slice::from_ref(&node.predicate), node.input.schema())
            }
            LogicalPlan::TableScan(scan) => self.scan(scan),
            LogicalPlan::Window(node) => {
                let mut input = self.plan(&node.input)?;
                let windows = self.all(&node.window_expr, &input.columns, node.input.schema())?;
                // A window value depends on all rows below it.
                input.columns.extend(windows.iter().map(|value| digest(("over", input.rows, value))));
                Ok(input)
            }
            LogicalPlan::Aggregate(node) => self.aggregate(node),
            LogicalPlan::Distinct(Distinct::All(node)) => {
                let input = self.plan(node)?;
                let mut keys = input.columns.clone();
                keys.sort_unstable();
                let rows = digest(("aggregate", input.rows, vec![keys], Vec::<u64>::new()));
                let columns = input.columns.iter().map(|key| digest(("group", rows, *key))).collect();
                Ok(Meaning { rows, columns })
            }
            LogicalPlan::Sort(node) => {
                let input = self.plan(&node.input)?;
                let keys = self.sort_keys(&node.expr, &input.columns, node.input.schema())?;
                let rows = digest(("sort", input.rows, keys));
                let rows = node.fetch.map_or(rows, |fetch| digest(("limit", rows, 0_usize, Some(fetch))));
                Ok(Meaning { rows, columns: input.columns })
            }
            LogicalPlan::Limit(node) => self.limit(node),
            LogicalPlan::Join(node) => self.join(node),
            LogicalPlan::Union(node) => {
                let mut inputs = Vec::new();
                for input in &node.inputs {
                    let input = self.plan(input)?;
                    inputs.push((input.rows, input.columns));
                }
                let rows = digest(("union", inputs));
                Ok(Meaning { rows, columns: numbered("union", rows, node.schema.fields().len()) })
            }
            LogicalPlan::Unnest(node) => self.unnest(node),
            LogicalPlan::Values(node) => {
                let mut cells = Vec::new();
                for row in &node.values {
                    cells.push(self.all(row, &[], &node.schema)?);
                }
                let rows = digest(("values", cells));
                Ok(Meaning { rows, columns: numbered("values", rows, node.schema.fields().len()) })
            }
            LogicalPlan::EmptyRelation(node) => Self::empty(node),
            LogicalPlan::RecursiveQuery(node) => {
                let first = self.plan(&node.static_term)?;
                self.recursions.push(node.name.clone());
                let step = self.plan(&node.recursive_term);
                self.recursions.pop();
                let step = step?;
                let parts = ((first.rows, first.columns), (step.rows, step.columns));
                let rows = digest(("recursion", node.is_distinct, parts));
                Ok(Meaning { rows, columns: numbered("recursion", rows, node.schema.fields().len()) })
            }
            LogicalPlan::Subquery(node) => self.plan(&node.subquery),
            LogicalPlan::Repartition(node) => self.plan(&node.input),
            other => {
                let name = other.display().to_string();
                let word = name.split([' ', ':']).next().unwrap_or_default().to_owned();
                Err(unsupported(format!("cannot compare a {word} node")))
            }
        }
    }

    fn empty(node: &EmptyRelation) -> Result<Meaning> {
        // One row of nulls for each column, which Substrait spells as a row of values.
        let n = node.schema.fields().len();
        let rows = if node.produce_one_row && n > 0 {
            let nulls = node.schema.fields().iter().map(|field| ScalarValue::try_from(field.data_type()));
            let mut row = Vec::new();
            for null in nulls {
                row.push(literal(&null?, None));
            }
            digest(("values", vec![row]))
        } else {
            digest(("empty", node.produce_one_row))
        };
        Ok(Meaning { rows, columns: numbered("values", rows, n) })
    }

    fn scan(&mut self, scan: &'a TableScan) -> Result<Meaning> {
        let schema = scan.source.schema();
        let name = scan.table_name.table();
        let place = self.recursions.iter().rev().position(|around| around == name);
        let rows = match (place, called::call_of(scan)) {
            (Some(place), _) => digest(("so far", place)),
            (None, None) => digest(("scan", name)),
            (None, Some(called::Call { function, arguments, version })) => {
                digest(("function", function, version, self.all(&arguments, &[], &DFSchema::empty())?))
            }
        };
        let all: Vec<u64> = match place {
            Some(_) => numbered("column", rows, schema.fields().len()),
            None => schema.fields().iter().map(|field| digest(("column", rows, field.name()))).collect(),
        };
        let qualified = DFSchema::try_from_qualified_schema(scan.table_name.clone(), &schema)?;
        let mut rows = rows;
        if !scan.filters.is_empty() {
            let mut conditions = Vec::new();
            for filter in scan.filters.iter().flat_map(split_conjunction) {
                conditions.push(self.expr(filter, &all, &qualified)?);
            }
            rows = filter_digest(rows, conditions);
        }
        let columns = match &scan.projection {
            Some(kept) => kept.iter().map(|i| all[*i]).collect(),
            None => all,
        };
        Ok(Meaning { rows, columns })
    }

    fn filtered(&mut self, input: Meaning, conditions: &[Expr], schema: &DFSchema) -> Result<Meaning> {
        let mut parts = Vec::new();
        for condition in conditions.iter().flat_map(split_conjunction) {
            parts.push(self.expr(condition, &input.columns, schema)?);
        }
        Ok(Meaning { rows: filter_digest(input.rows, parts), columns: input.columns })
    }

    fn limit(&mut self, node: &'a Limit) -> Result<Meaning> {
        let input = match node.input.as_ref() {
            // The limit says what the sort below it repeats.
            LogicalPlan::Sort(sort) if sort.fetch.is_some() => {
                let below = self.plan(&sort.input)?;
                let keys = self.sort_keys(&sort.expr, &below.columns, sort.input.schema())?;
                Meaning { rows: digest(("sort", below.rows, keys)), columns: below.columns }
            }
            other => self.plan(other)?,
        };
        let count = |expr: &Option<Box<Expr>>| match expr.as_deref() {
            None => Ok(None),
            Some(Expr::Literal(value, _)) if value.is_null() => Ok(None),
            Some(Expr::Literal(ScalarValue::Int64(Some(n)), _)) => Ok(usize::try_from(*n).ok()),
            Some(other) => Err(unsupported(format!("cannot compare the limit {other}"))),
        };
        let (skip, fetch) = (count(&node.skip)?.unwrap_or(0), count(&node.fetch)?);
        Ok(Meaning { rows: digest(("limit", input.rows, skip, fetch)), columns: input.columns })
    }

    fn aggregate(&mut self, node: &'a Aggregate) -> Result<Meaning> {
        let input = self.plan(&node.input)?;
        let schema = node.input.schema();
        let mut keys = Vec::new();
        for set in grouping_sets(&node.group_expr)? {
            let refs: Vec<Expr> = set.into_iter().cloned().collect();
            let mut set = self.all(&refs, &input.columns, schema)?;
            set.sort_unstable();
            keys.push(set);
        }
        // Neither the order of the sets matters nor that in a set.
        keys.sort_unstable();
        let aggregates = self.all(&node.aggr_expr, &input.columns, schema)?;
        let n_keys = node.schema.fields().len() - aggregates.len();
        let mut columns = Vec::with_capacity(node.schema.fields().len());
        for key in grouping_set_to_exprlist(&node.group_expr)? {
            columns.push(self.expr(key, &input.columns, schema)?);
        }
        // Which aggregates there are does not change the rows.
        let rows = digest(("aggregate", input.rows, keys, Vec::<u64>::new()));
        columns.iter_mut().for_each(|key| *key = digest(("group", rows, *key)));
        // With grouping sets, the number of the set is a column too.
        columns.extend(numbered("set", rows, n_keys - columns.len()));
        columns.extend(aggregates.iter().map(|value| digest(("of", rows, value))));
        Ok(Meaning { rows, columns })
    }

    fn join(&mut self, node: &'a Join) -> Result<Meaning> {
        let (left, right) = (self.plan(&node.left)?, self.plan(&node.right)?);
        let both: Vec<u64> = left.columns.iter().chain(&right.columns).copied().collect();
        let schema = node.left.schema().join(node.right.schema())?;
        let equal = match node.null_equality {
            NullEquality::NullEqualsNothing => Operator::Eq,
            NullEquality::NullEqualsNull => Operator::IsNotDistinctFrom,
        };
        let mut conditions = Vec::new();
        for (a, b) in &node.on {
            let a = self.expr(a, &left.columns, node.left.schema())?;
            let b = self.expr(b, &right.columns, node.right.schema())?;
            conditions.push(binary(equal, a, b));
        }
        for condition in node.filter.iter().flat_map(split_conjunction) {
            conditions.push(self.expr(condition, &both, &schema)?);
        }
        conditions.sort_unstable();
        conditions.dedup();
        let kind = format!("{:?}", node.join_type);
        let rows = digest(("join", kind, left.rows, right.rows, conditions, node.null_aware));
        let n = node.schema.fields().len();
        use datafusion::common::JoinType as J;
        let mut columns = match node.join_type {
            J::LeftSemi | J::LeftAnti | J::LeftMark => left.columns,
            J::RightSemi | J::RightAnti | J::RightMark => right.columns,
            // Outer joins fill columns with nulls, so the columns are new.
            J::Inner => both,
            J::Left | J::Right | J::Full => both.iter().map(|column| digest(("joined", rows, column))).collect(),
        };
        columns.extend(numbered("mark", rows, n - columns.len()));
        Ok(Meaning { rows, columns })
    }

    fn unnest(&mut self, node: &'a Unnest) -> Result<Meaning> {
        let input = self.plan(&node.input)?;
        let lists: Vec<(u64, usize)> =
            node.list_type_columns.iter().map(|(i, list)| (input.columns[*i], list.depth)).collect();
        let structs: Vec<u64> = node.struct_type_columns.iter().map(|i| input.columns[*i]).collect();
        let nulls = format!("{:?}", node.options.null_handling);
        let rows = digest(("unnest", input.rows, lists, structs, nulls));
        let touched = |i: &usize| {
            node.struct_type_columns.contains(i) || node.list_type_columns.iter().any(|(list, _)| list == i)
        };
        let columns = node
            .dependency_indices
            .iter()
            .enumerate()
            .map(|(at, i)| if touched(i) { digest(("unnested", rows, at)) } else { input.columns[*i] })
            .collect();
        Ok(Meaning { rows, columns })
    }
}

/// The sets of keys that rows are grouped by; without grouping sets there is one.
fn grouping_sets(keys: &[Expr]) -> Result<Vec<Vec<&Expr>>> {
    match keys {
        [Expr::GroupingSet(GroupingSet::GroupingSets(sets))] => {
            Ok(sets.iter().map(|set| set.iter().collect()).collect())
        }
        [Expr::GroupingSet(GroupingSet::Rollup(keys))] => {
            Ok((0..=keys.len()).map(|n| keys[..n].iter().collect()).collect())
        }
        [Expr::GroupingSet(GroupingSet::Cube(keys))] => Ok(powerset(keys)?),
        plain => Ok(vec![plain.iter().collect()]),
    }
}

fn filter_digest(rows: u64, mut conditions: Vec<u64>) -> u64 {
    conditions.sort_unstable();
    conditions.dedup();
    digest(("filter", rows, conditions))
}
