//! Relations: reads, values, grouping, and the extension relations.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use datafusion::arrow::datatypes::{Field, Fields, Schema};
use datafusion::catalog::cte_worktable::CteWorkTable;
use datafusion::catalog::{TableFunctionArgs, TableProvider};
use datafusion::common::{Column, DFSchema, NullHandling, RecursionUnnestOption, TableReference, UnnestOptions};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::expr::GroupingSet;
use datafusion::logical_expr::{EmptyRelation, Expr, LogicalPlan, LogicalPlanBuilder, Unnest, Values};
use datafusion_substrait::logical_plan::consumer::{SubstraitConsumer, from_read_rel};
use datafusion_substrait::substrait::proto::aggregate_rel::Grouping;
use datafusion_substrait::substrait::proto::read_rel::{ReadType, VirtualTable};
use datafusion_substrait::substrait::proto::{AggregateRel, ExtensionMultiRel, ExtensionSingleRel, ReadRel};
use serde_json::Value;

use super::Consumer;
use crate::called;
use crate::error::{Failure, Result, status};
use crate::optimise::REPLAYED;
use crate::substrait::encoding as words;
use crate::substrait::names::{UniqueNames, distinct_names, plain_names};
use crate::substrait::read;
use crate::substrait::types;

impl Consumer<'_> {
    async fn grouping(&self, grouping: &Grouping, shared: &[Expr], schema: &DFSchema) -> Result<Vec<Expr>> {
        let mut keys = Vec::new();
        #[allow(deprecated, reason = "what older producers send")]
        for expression in &grouping.grouping_expressions {
            keys.push(self.consume_expression(expression, schema).await?);
        }
        // Older producers write the keys here, some in both places.
        if !keys.is_empty() {
            return Ok(keys);
        }
        for reference in &grouping.expression_references {
            let missing = || words::corrupt(format!("grouping expression {reference} is missing in a Substrait plan"));
            keys.push(shared.get(*reference as usize).ok_or_else(missing)?.clone());
        }
        Ok(keys)
    }

    pub(super) async fn aggregate(&self, rel: &AggregateRel) -> Result<LogicalPlan> {
        let Some(input) = &rel.input else {
            return Err(words::corrupt("an aggregate without an input in a Substrait plan"));
        };
        let input = self.consume_rel(input).await?;
        let schema = Arc::clone(input.schema());
        let mut shared = Vec::new();
        for expression in &rel.grouping_expressions {
            shared.push(self.consume_expression(expression, &schema).await?);
        }
        let mut sets = Vec::new();
        for grouping in &rel.groupings {
            sets.push(self.grouping(grouping, &shared, &schema).await?);
        }
        let enhancement = rel.advanced_extension.as_ref().and_then(|extension| extension.enhancement.as_ref());
        let is_set = enhancement.is_some_and(|any| any.type_url == words::GROUPING_SET);
        let mut names = UniqueNames::default();
        let keys = match sets.len() {
            0 => Vec::new(),
            1 if !is_set => sets.remove(0).into_iter().map(|key| names.make_unique(key)).collect(),
            _ => vec![Expr::GroupingSet(GroupingSet::GroupingSets(sets))],
        };
        let mut aggregates = Vec::new();
        for measure in &rel.measures {
            aggregates.push(names.make_unique(self.measure(measure, &schema).await?));
        }
        Ok(LogicalPlanBuilder::from(input).aggregate(keys, aggregates)?.build()?)
    }

    pub(super) async fn single(&self, rel: &ExtensionSingleRel) -> Result<LogicalPlan> {
        let damaged = || words::corrupt("an extension relation in a Substrait plan is damaged");
        let (Some(detail), Some(input)) = (&rel.detail, &rel.input) else { return Err(damaged()) };
        let input = self.consume_rel(input).await?;
        let parsed: Value = serde_json::from_slice(&detail.value).map_err(|_| damaged())?;
        match detail.type_url.as_str() {
            // The engine knows the fields of an unnested struct by names without a qualifier; where its column has one, it
            // pushes filters on them below.
            words::UNNEST => self.unnest(plain_names(input)?, &parsed),
            words::TABLE_FUNCTION => self.table_function(input, &parsed),
            other => {
                let text = format!("the extension relation '{other}' of a Substrait plan is unknown");
                Err(words::unsupported(text))
            }
        }
    }

    /// The table that a function makes of the one row of its input.
    fn table_function(&self, input: LogicalPlan, parsed: &Value) -> Result<LogicalPlan> {
        let damaged = || words::corrupt("a table function in a Substrait plan is damaged");
        let name = parsed["function"].as_str().ok_or_else(damaged)?;
        let arguments = match input {
            LogicalPlan::Values(Values { mut values, .. }) if values.len() == 1 => values.remove(0),
            LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: true, .. }) => Vec::new(),
            _ => return Err(damaged()),
        };
        let Some(function) = self.state.table_functions().get(name) else {
            let text = format!("table function '{name}' not found");
            return Err(Failure::new(status::PLAN, text).with_hint("load the pack that has it"));
        };
        let provider = function.create_table_provider_with_args(TableFunctionArgs::new(&arguments, self.state))?;
        let reference = TableReference::bare(format!("{name}()"));
        let made = LogicalPlanBuilder::scan(reference, provider_as_source(provider), None)?.build()?;
        if let (Some(wanted), LogicalPlan::TableScan(scan)) = (parsed["version"].as_str(), &made) {
            let now = called::call_of(scan).and_then(|call| call.version).flatten();
            if now.as_deref() != Some(wanted) {
                let now = now.unwrap_or_else(|| "no version".to_owned());
                let text = format!("table function '{name}' read version {wanted} and now has {now}");
                return Err(Failure::new(status::DRIFT, text).with_hint("what it reads has changed: compile anew"));
            }
        }
        Ok(made)
    }

    /// A table of values whose types are said beside it, or in Substrait's words.
    async fn values(&self, rel: &ReadRel, table: &VirtualTable) -> Result<LogicalPlan> {
        let damaged = || words::corrupt("a table of values in a Substrait plan is damaged");
        let enhancement = rel.advanced_extension.as_ref().and_then(|extension| extension.enhancement.as_ref());
        let Some(any) = enhancement.filter(|any| any.type_url == words::TYPES) else {
            return Ok(from_read_rel(self, rel).await?);
        };
        let columns: Vec<(String, bool)> = serde_json::from_slice(&any.value).map_err(|_| damaged())?;
        let field = |(i, (kind, nullable)): (usize, &(String, bool))| {
            Ok(Arc::new(Field::new(read::column_name(i), types::type_of(kind)?, *nullable)))
        };
        let fields = columns.iter().enumerate().map(field).collect::<Result<Fields>>()?;
        let schema = Arc::new(DFSchema::from_unqualified_fields(fields, Default::default())?);
        if table.expressions.is_empty() {
            return Ok(LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: false, schema }));
        }
        let mut values = Vec::with_capacity(table.expressions.len());
        for row in &table.expressions {
            if row.fields.len() != columns.len() {
                return Err(damaged());
            }
            let mut cells = Vec::with_capacity(columns.len());
            for cell in &row.fields {
                cells.push(self.consume_expression(cell, &DFSchema::empty()).await?);
            }
            values.push(cells);
        }
        Ok(LogicalPlan::Values(Values { schema, values }))
    }

    fn unnest(&self, input: LogicalPlan, parsed: &Value) -> Result<LogicalPlan> {
        let damaged = || words::corrupt("an unnest in a Substrait plan is damaged");
        let n = self.unnests.fetch_add(1, Ordering::Relaxed);
        let column = |position: &Value| -> Result<Column> {
            let i = position.as_u64().ok_or_else(damaged)? as usize;
            if i >= input.schema().fields().len() {
                return Err(damaged());
            }
            Ok(Column::from(input.schema().qualified_field(i)))
        };
        let list = |key: &str| parsed[key].as_array().ok_or_else(damaged);
        let columns = list("columns")?.iter().map(column).collect::<Result<Vec<_>>>()?;
        let null_handling = match parsed["null_handling"].as_str() {
            Some("Drop") => NullHandling::Drop,
            Some("Preserve") => NullHandling::Preserve,
            Some("PreserveAndExpandEmpty") => NullHandling::PreserveAndExpandEmpty,
            _ => return Err(damaged()),
        };
        let mut recursions = Vec::new();
        for (i, recursion) in list("recursions")?.iter().enumerate() {
            recursions.push(RecursionUnnestOption {
                input_column: column(&recursion["input"])?,
                output_column: Column::new_unqualified(format!("unnest_{n}_{i}")),
                depth: recursion["depth"].as_u64().ok_or_else(damaged)? as usize,
            });
        }
        let options = UnnestOptions { null_handling, recursions };
        Ok(LogicalPlan::Unnest(Unnest::try_new(Arc::new(input), columns, options)?))
    }

    pub(super) async fn recursion(&self, rel: &ExtensionMultiRel) -> Result<LogicalPlan> {
        let damaged = || words::corrupt("a recursive query in a Substrait plan is damaged");
        let (Some(detail), [first, step]) = (&rel.detail, rel.inputs.as_slice()) else { return Err(damaged()) };
        if detail.type_url != words::RECURSION {
            let text = format!("the extension relation '{}' of a Substrait plan is unknown", detail.type_url);
            return Err(words::unsupported(text));
        }
        let parsed: Value = serde_json::from_slice(&detail.value).map_err(|_| damaged())?;
        let name = parsed["name"].as_str().ok_or_else(damaged)?.to_owned();
        let columns = parsed["columns"].as_array().ok_or_else(damaged)?;
        let distinct = parsed["distinct"].as_bool().ok_or_else(damaged)?;

        let first = distinct_names(self.consume_rel(first).await?)?;
        let found = Arc::clone(first.schema());
        if columns.len() != found.fields().len() {
            return Err(damaged());
        }
        let (mut named, mut fields) = (Vec::new(), Vec::new());
        for (i, column) in columns.iter().enumerate() {
            let (qualifier, field) = found.qualified_field(i);
            let column_name = read::column_name(i);
            let nullable = column["nullable"].as_bool().ok_or_else(damaged)?;
            named.push(Expr::Column(Column::from((qualifier, field))).alias(&column_name));
            fields.push(Field::new(column_name, field.data_type().clone(), nullable));
        }
        let first = LogicalPlanBuilder::from(first).project(named)?;
        let table: Arc<dyn TableProvider> =
            Arc::new(CteWorkTable::new(&name, Arc::new(Schema::new_with_metadata(fields, found.metadata().clone()))));
        self.work_tables.write().unwrap_or_else(PoisonError::into_inner).push((name.clone(), table));
        let step = self.consume_rel(step).await;
        self.work_tables.write().unwrap_or_else(PoisonError::into_inner).pop();
        Ok(first.to_recursive_query(name, step?, distinct)?.build()?)
    }

    pub(super) async fn read(&self, rel: &ReadRel) -> Result<LogicalPlan> {
        let named = match &rel.read_type {
            Some(ReadType::NamedTable(named)) => named,
            Some(ReadType::VirtualTable(table)) => return self.values(rel, table).await,
            _ => return Err(words::unsupported("a Substrait plan reads something else than a named table")),
        };
        let [name] = named.names.as_slice() else {
            let text = format!("table '{}' of a Substrait plan has not one name", named.names.join("."));
            return Err(words::unsupported(text));
        };
        let table = TableReference::bare(name.as_str());
        let Some(provider) = self.resolve_table_ref(&table).await? else {
            let text = format!("table '{name}' not found");
            return Err(Failure::new(status::PLAN, text).with_hint("register a dataset or view of that name"));
        };
        if provider.get_logical_plan().is_some() && provider.get_table_definition() != Some(REPLAYED) {
            self.raw_views.store(true, Ordering::Relaxed);
        }
        let columns = read::columns(rel, name, &provider.schema())?;
        let source = provider_as_source(provider);
        let mut builder = LogicalPlanBuilder::scan(table, source, Some(columns))?;
        if let Some(filter) = &rel.filter {
            let condition = self.consume_expression(filter, builder.schema()).await?;
            builder = builder.filter(condition)?;
        }
        if let Some(kept) = read::mask(rel, name, builder.schema().fields().len())? {
            let schema = Arc::clone(builder.schema());
            builder = builder.project(kept.iter().map(|i| Expr::Column(schema.qualified_field(*i).into())))?;
        }
        Ok(builder.build()?)
    }
}
