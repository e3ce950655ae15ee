//! From Substrait to a logical plan: the crate's consumer with our words understood and reads made explicit.
//!
//! A read is a scan of a registered table under its one-part name, with the types it was registered with; what the
//! plan says about its columns is checked against them. A read's filter becomes a Filter above the scan: inside the
//! scan it would be applied only if the provider happens to promise so.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::catalog::cte_worktable::CteWorkTable;
use datafusion::common::{
    Column, DFSchema, JoinType, NullHandling, RecursionUnnestOption, TableReference, UnnestOptions,
};
use datafusion::datasource::provider_as_source;
use datafusion::error::Result as DfResult;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::expr::{GroupingSet, WindowFunction as WindowExpr};
use datafusion::logical_expr::{
    Cast, Expr, LogicalPlan, LogicalPlanBuilder, TryCast, Union, Unnest, WindowFrame, WindowFrameBound,
    WindowFrameUnits,
};
use datafusion::scalar::ScalarValue;
use datafusion_substrait::extensions::Extensions;
use datafusion_substrait::logical_plan::consumer::{
    DefaultSubstraitLambdaConsumer, SubstraitConsumer, from_join_rel, from_read_rel, from_scalar_function,
    from_set_rel, from_substrait_agg_func, from_substrait_plan_with_consumer, from_substrait_sorts,
    from_window_function, substrait_fun_name,
};
use datafusion_substrait::substrait::proto::aggregate_function::AggregationInvocation;
use datafusion_substrait::substrait::proto::aggregate_rel::{Grouping, Measure};
use datafusion_substrait::substrait::proto::expression::{ScalarFunction, WindowFunction};
use datafusion_substrait::substrait::proto::function_argument::ArgType;
use datafusion_substrait::substrait::proto::join_rel::JoinType as ProtoJoinType;
use datafusion_substrait::substrait::proto::read_rel::ReadType;
use datafusion_substrait::substrait::proto::set_rel::SetOp;
use datafusion_substrait::substrait::proto::{
    AggregateRel, Expression, ExtensionMultiRel, ExtensionSingleRel, FunctionOption, JoinRel, Plan, ReadRel, SetRel,
    Type,
};
use prost::Message;
use serde_json::Value;

use super::encoding as words;
use super::names::UniqueNames;
use super::read;
use crate::error::Result;

/// Makes the logical plan of a Substrait plan. Recursive: planning threads only.
pub async fn consume(plan: &Plan, state: &SessionState) -> Result<LogicalPlan> {
    let extensions = Extensions::try_from(&plan.extensions)?;
    if !extensions.type_variations.is_empty() {
        return Err(words::unsupported("the Substrait plan declares type variations"));
    }
    let consumer = Consumer {
        extensions: &extensions,
        state,
        outer_schemas: RwLock::default(),
        lambdas: DefaultSubstraitLambdaConsumer::new(),
        work_tables: RwLock::default(),
        marks: AtomicUsize::new(0),
    };
    Ok(from_substrait_plan_with_consumer(&consumer, plan).await?)
}

struct Consumer<'a> {
    extensions: &'a Extensions,
    state: &'a SessionState,
    outer_schemas: RwLock<Vec<Arc<DFSchema>>>,
    lambdas: DefaultSubstraitLambdaConsumer,
    /// The tables of the recursive queries around, innermost last.
    work_tables: RwLock<Vec<(String, Arc<dyn TableProvider>)>>,
    /// Mark joins so far.
    marks: AtomicUsize,
}

impl Consumer<'_> {
    fn function_name(&self, reference: u32) -> &str {
        self.extensions.functions.get(&reference).map_or("", |name| substrait_fun_name(name))
    }

    async fn argument(&self, f: &ScalarFunction, i: usize, schema: &DFSchema) -> Result<Expr> {
        match f.arguments.get(i).and_then(|argument| argument.arg_type.as_ref()) {
            Some(ArgType::Value(value)) => Ok(self.consume_expression(value, schema).await?),
            _ => {
                let name = self.function_name(f.function_reference);
                Err(words::corrupt(format!("function {name} lacks argument {} in a Substrait plan", i + 1)))
            }
        }
    }

    async fn text_argument(&self, f: &ScalarFunction, i: usize, schema: &DFSchema) -> Result<String> {
        match self.argument(f, i, schema).await? {
            Expr::Literal(ScalarValue::Utf8(Some(text)), _) => Ok(text),
            other => Err(words::corrupt(format!("{other} stands where a text belongs in a Substrait plan"))),
        }
    }

    /// The functions that stand for what Substrait has no word for; None for all others.
    async fn own_function(&self, f: &ScalarFunction, schema: &DFSchema) -> Result<Option<Expr>> {
        let name = self.function_name(f.function_reference);
        if !name.starts_with("pinion_") {
            return Ok(None);
        }
        let expr = match name {
            words::CAST | words::TRY_CAST => {
                let value = Box::new(self.argument(f, 0, schema).await?);
                let kind = words::type_of(&self.text_argument(f, 1, schema).await?)?;
                if name == words::CAST {
                    Expr::Cast(Cast::new(value, kind))
                } else {
                    Expr::TryCast(TryCast::new(value, kind))
                }
            }
            words::LITERAL => {
                let Expr::Literal(stored, _) = self.argument(f, 0, schema).await? else {
                    return Err(words::corrupt(format!("{name} holds no literal in a Substrait plan")));
                };
                let kind = words::type_of(&self.text_argument(f, 1, schema).await?)?;
                let metadata = words::metadata_of(&self.text_argument(f, 2, schema).await?)?;
                let metadata = (!metadata.is_empty()).then_some(metadata);
                Expr::Literal(words::restored(&stored, &kind)?, metadata)
            }
            words::WITH_METADATA => {
                let value = self.argument(f, 0, schema).await?;
                let metadata = words::metadata_of(&self.text_argument(f, 1, schema).await?)?;
                let name = value.schema_name().to_string();
                value.alias_with_metadata(name, Some(metadata))
            }
            words::FILTER_WINDOW => {
                let Expr::WindowFunction(mut window) = self.argument(f, 0, schema).await? else {
                    return Err(words::corrupt(format!("{name} holds no window function in a Substrait plan")));
                };
                window.params.filter = Some(Box::new(self.argument(f, 1, schema).await?));
                Expr::WindowFunction(window)
            }
            // A function of a pack may have such a name.
            _ => return Ok(None),
        };
        Ok(Some(expr))
    }

    async fn frame(&self, option: &FunctionOption, schema: &DFSchema) -> Result<WindowFrame> {
        let [units, start, end] = option.preference.as_slice() else {
            return Err(words::corrupt("a window frame in a Substrait plan is damaged"));
        };
        let units = match units.as_str() {
            "ROWS" => WindowFrameUnits::Rows,
            "RANGE" => WindowFrameUnits::Range,
            "GROUPS" => WindowFrameUnits::Groups,
            other => return Err(words::corrupt(format!("unknown window frame '{other}' in a Substrait plan"))),
        };
        let (start, end) = (self.bound(start, schema).await?, self.bound(end, schema).await?);
        Ok(WindowFrame::new_bounds(units, start, end))
    }

    async fn bound(&self, text: &str, schema: &DFSchema) -> Result<WindowFrameBound> {
        let damaged = || words::corrupt(format!("the window frame bound '{text}' in a Substrait plan is damaged"));
        match text {
            "CURRENT" => return Ok(WindowFrameBound::CurrentRow),
            "UNBOUNDED PRECEDING" => return Ok(WindowFrameBound::Preceding(ScalarValue::Null)),
            "UNBOUNDED FOLLOWING" => return Ok(WindowFrameBound::Following(ScalarValue::Null)),
            _ => {}
        }
        let (word, hex) = text.split_once(' ').ok_or_else(damaged)?;
        let digits = hex.as_bytes().chunks(2);
        let bytes: Option<Vec<u8>> = digits
            .map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()))
            .collect();
        let bytes = bytes.ok_or_else(damaged)?;
        let expression = Expression::decode(bytes.as_slice()).map_err(|_| damaged())?;
        match (word, self.consume_expression(&expression, schema).await?) {
            ("PRECEDING", Expr::Literal(offset, _)) => Ok(WindowFrameBound::Preceding(offset)),
            ("FOLLOWING", Expr::Literal(offset, _)) => Ok(WindowFrameBound::Following(offset)),
            _ => Err(damaged()),
        }
    }

    async fn measure(&self, measure: &Measure, schema: &DFSchema) -> Result<Expr> {
        let Some(function) = &measure.measure else {
            return Err(words::corrupt("an aggregate without a function in a Substrait plan"));
        };
        let filter = match &measure.filter {
            Some(filter) => Some(Box::new(self.consume_expression(filter, schema).await?)),
            None => None,
        };
        let order_by = from_substrait_sorts(self, &function.sorts, schema).await?;
        let distinct = function.invocation() == AggregationInvocation::Distinct;
        let made = from_substrait_agg_func(self, function, schema, filter, order_by, distinct).await?;
        let mut made = Arc::unwrap_or_clone(made);
        for option in &function.options {
            let treatment = null_treatment(option)?;
            if let Expr::AggregateFunction(aggregate) = &mut made {
                aggregate.params.null_treatment = Some(treatment);
            }
        }
        Ok(made)
    }

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

    async fn aggregate(&self, rel: &AggregateRel) -> Result<LogicalPlan> {
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
        let mut names = UniqueNames::default();
        let keys = match sets.len() {
            0 => Vec::new(),
            1 => sets.remove(0).into_iter().map(|key| names.make_unique(key)).collect(),
            _ => vec![Expr::GroupingSet(GroupingSet::GroupingSets(sets))],
        };
        let mut aggregates = Vec::new();
        for measure in &rel.measures {
            aggregates.push(names.make_unique(self.measure(measure, &schema).await?));
        }
        Ok(LogicalPlanBuilder::from(input).aggregate(keys, aggregates)?.build()?)
    }

    async fn unnest(&self, rel: &ExtensionSingleRel) -> Result<LogicalPlan> {
        let damaged = || words::corrupt("an unnest in a Substrait plan is damaged");
        let (Some(detail), Some(input)) = (&rel.detail, &rel.input) else { return Err(damaged()) };
        if detail.type_url != words::UNNEST {
            let text = format!("the extension relation '{}' of a Substrait plan is unknown", detail.type_url);
            return Err(words::unsupported(text));
        }
        let input = self.consume_rel(input).await?;
        let parsed: Value = serde_json::from_slice(&detail.value).map_err(|_| damaged())?;
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
        for recursion in list("recursions")? {
            recursions.push(RecursionUnnestOption {
                input_column: column(&recursion["input"])?,
                output_column: Column::new_unqualified(recursion["output"].as_str().ok_or_else(damaged)?),
                depth: recursion["depth"].as_u64().ok_or_else(damaged)? as usize,
            });
        }
        let options = UnnestOptions { null_handling, recursions };
        Ok(LogicalPlan::Unnest(Unnest::try_new(Arc::new(input), columns, options)?))
    }

    async fn recursion(&self, rel: &ExtensionMultiRel) -> Result<LogicalPlan> {
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

        let first = self.consume_rel(first).await?;
        let found = Arc::clone(first.schema());
        if columns.len() != found.fields().len() {
            return Err(damaged());
        }
        let (mut named, mut fields) = (Vec::new(), Vec::new());
        for (i, column) in columns.iter().enumerate() {
            let (qualifier, field) = found.qualified_field(i);
            let column_name = column["name"].as_str().ok_or_else(damaged)?;
            let nullable = column["nullable"].as_bool().ok_or_else(damaged)?;
            named.push(Expr::Column(Column::from((qualifier, field))).alias(column_name));
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

    /// The mark column is named after the right side, so each right side needs a name of its own.
    async fn mark_join(&self, rel: &JoinRel) -> Result<LogicalPlan> {
        let (Some(left), Some(right)) = (&rel.left, &rel.right) else {
            return Err(words::corrupt("a join without an input in a Substrait plan"));
        };
        let left = self.consume_rel(left).await?;
        let right = LogicalPlanBuilder::from(self.consume_rel(right).await?);
        let n = self.marks.fetch_add(1, Ordering::Relaxed);
        let right = right.alias(format!("__mark_{n}"))?.build()?;
        let schema = left.schema().join(right.schema())?;
        let condition = match &rel.expression {
            Some(expression) => Some(self.consume_expression(expression, &schema).await?),
            None => None,
        };
        let builder = LogicalPlanBuilder::from(left);
        Ok(builder.join_on(right, JoinType::LeftMark, condition)?.build()?)
    }

    async fn read(&self, rel: &ReadRel) -> Result<LogicalPlan> {
        let named = match &rel.read_type {
            Some(ReadType::NamedTable(named)) => named,
            Some(ReadType::VirtualTable(_)) => return Ok(from_read_rel(self, rel).await?),
            _ => return Err(words::unsupported("a Substrait plan reads something else than a named table")),
        };
        let [name] = named.names.as_slice() else {
            let text = format!("table '{}' of a Substrait plan has not one name", named.names.join("."));
            return Err(words::unsupported(text));
        };
        let table = TableReference::bare(name.as_str());
        let Some(provider) = self.resolve_table_ref(&table).await? else {
            let text = format!("table '{name}' not found");
            return Err(crate::error::Failure::new(crate::error::status::PLAN, text)
                .with_hint("register a dataset or view of that name"));
        };
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

fn null_treatment(option: &FunctionOption) -> Result<datafusion::logical_expr::expr::NullTreatment> {
    match (option.name.as_str(), option.preference.as_slice()) {
        (words::NULL_TREATMENT, [name]) => words::null_treatment_of(name),
        (other, _) => Err(words::unsupported(format!("the function option '{other}' of a Substrait plan is unknown"))),
    }
}

#[async_trait]
impl SubstraitConsumer for Consumer<'_> {
    async fn resolve_table_ref(&self, table: &TableReference) -> DfResult<Option<Arc<dyn TableProvider>>> {
        let work_table = {
            let tables = self.work_tables.read().unwrap_or_else(PoisonError::into_inner);
            tables.iter().rev().find(|(name, _)| name == table.table()).map(|(_, table)| Arc::clone(table))
        };
        match work_table {
            Some(work_table) => Ok(Some(work_table)),
            None => self.state.schema_for_ref(table.clone())?.table(table.table()).await,
        }
    }

    fn get_extensions(&self) -> &Extensions {
        self.extensions
    }

    fn get_function_registry(&self) -> &impl FunctionRegistry {
        self.state
    }

    async fn consume_read(&self, rel: &ReadRel) -> DfResult<LogicalPlan> {
        Ok(self.read(rel).await?)
    }

    async fn consume_aggregate(&self, rel: &AggregateRel) -> DfResult<LogicalPlan> {
        Ok(self.aggregate(rel).await?)
    }

    async fn consume_extension_single(&self, rel: &ExtensionSingleRel) -> DfResult<LogicalPlan> {
        Ok(self.unnest(rel).await?)
    }

    async fn consume_extension_multi(&self, rel: &ExtensionMultiRel) -> DfResult<LogicalPlan> {
        Ok(self.recursion(rel).await?)
    }

    async fn consume_set(&self, rel: &SetRel) -> DfResult<LogicalPlan> {
        if rel.op() != SetOp::UnionAll {
            return from_set_rel(self, rel).await;
        }
        // One node for all inputs; the crate nests them, as deep as there are inputs.
        let mut inputs = Vec::with_capacity(rel.inputs.len());
        for input in &rel.inputs {
            inputs.push(Arc::new(self.consume_rel(input).await?));
        }
        Ok(LogicalPlan::Union(Union::try_new_with_loose_types(inputs)?))
    }

    async fn consume_join(&self, rel: &JoinRel) -> DfResult<LogicalPlan> {
        if rel.r#type() == ProtoJoinType::LeftMark && rel.advanced_extension.is_none() {
            return Ok(self.mark_join(rel).await?);
        }
        let plan = from_join_rel(self, rel).await?;
        let enhancement = rel.advanced_extension.as_ref().and_then(|extension| extension.enhancement.as_ref());
        match (plan, enhancement) {
            (plan, None) => Ok(plan),
            (LogicalPlan::Join(mut join), Some(any)) if any.type_url == words::NULL_AWARE => {
                join.null_aware = true;
                Ok(LogicalPlan::Join(join))
            }
            (_, Some(any)) => {
                let text = format!("the enhancement '{}' of a join in a Substrait plan is unknown", any.type_url);
                Err(words::unsupported(text).into())
            }
        }
    }

    async fn consume_scalar_function(&self, f: &ScalarFunction, schema: &DFSchema) -> DfResult<Expr> {
        match self.own_function(f, schema).await? {
            Some(expr) => Ok(expr),
            None => from_scalar_function(self, f, schema).await,
        }
    }

    async fn consume_window_function(&self, f: &WindowFunction, schema: &DFSchema) -> DfResult<Expr> {
        let mut made = from_window_function(self, f, schema).await?;
        // Ordered aggregates come back wrapped in nothing else.
        let Expr::WindowFunction(window) = &mut made else { return Ok(made) };
        let WindowExpr { params, .. } = window.as_mut();
        params.distinct = f.invocation() == AggregationInvocation::Distinct;
        for option in &f.options {
            if option.name == words::FRAME {
                params.window_frame = self.frame(option, schema).await?;
            } else {
                params.null_treatment = Some(null_treatment(option)?);
            }
        }
        Ok(made)
    }

    fn push_outer_schema(&self, schema: Arc<DFSchema>) {
        self.outer_schemas.write().unwrap_or_else(PoisonError::into_inner).push(schema);
    }

    fn pop_outer_schema(&self) {
        self.outer_schemas.write().unwrap_or_else(PoisonError::into_inner).pop();
    }

    fn get_outer_schema(&self, steps_out: usize) -> Option<Arc<DFSchema>> {
        let schemas = self.outer_schemas.read().unwrap_or_else(PoisonError::into_inner);
        let i = schemas.len().checked_sub(steps_out)?;
        schemas.get(i).cloned()
    }

    fn push_lambda_parameters(&self, parameters: &[Type], schema: &DFSchema) -> DfResult<Vec<String>> {
        self.lambdas.push_lambda_parameters(self, parameters, schema)
    }

    fn pop_lambda_parameters(&self) {
        self.lambdas.pop_lambda_parameters();
    }

    fn lambda_variable(&self, steps_out: usize, field_idx: usize) -> DfResult<Expr> {
        self.lambdas.lambda_variable(steps_out, field_idx)
    }
}
