//! From a logical plan to Substrait: the crate's producer with the lossy forms replaced.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchema, DFSchemaRef, JoinConstraint};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::binary::BinaryTypeCoercer;
use datafusion::logical_expr::expr::{self, Alias, WindowFunction};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{
    Aggregate, BinaryExpr, Cast, Expr, ExprSchemable, Filter, Join, Limit, LogicalPlan, Projection, RecursiveQuery,
    Sort, TableScan, TryCast, Unnest, WindowFrame, WindowFrameBound, WindowFrameUnits, lit,
};
use datafusion::scalar::ScalarValue;
use datafusion_substrait::extensions::Extensions;
use datafusion_substrait::logical_plan::producer::{
    DefaultSubstraitLambdaProducer, SubstraitProducer, from_aggregate, from_cast, from_join, from_limit, from_literal,
    from_sort, from_table_scan, from_try_cast, from_unary_expr, from_window_function, lambda_parameters_map,
    operator_to_name, to_substrait_rel, to_substrait_rex,
};
use datafusion_substrait::substrait::proto::aggregate_function::AggregationInvocation;
use datafusion_substrait::substrait::proto::expression::literal::LiteralType;
use datafusion_substrait::substrait::proto::expression::{Literal, RexType, ScalarFunction};
use datafusion_substrait::substrait::proto::extensions::AdvancedExtension;
use datafusion_substrait::substrait::proto::function_argument::ArgType;
use datafusion_substrait::substrait::proto::rel::RelType;
use datafusion_substrait::substrait::proto::{
    Expression, ExtensionMultiRel, ExtensionSingleRel, FunctionArgument, FunctionOption, Plan, PlanRel, Rel, RelRoot,
    Type, plan_rel,
};
use datafusion_substrait::substrait::version;
use prost::Message;
use serde_json::json;

use super::encoding as words;
use super::names::flatten_names;
use super::read::{ReducedScan, reduce};
use crate::error::Result;

/// Makes the Substrait plan of an optimised logical plan. Recursive: planning threads only.
pub fn produce(plan: &LogicalPlan) -> Result<Plan> {
    let mut producer = Producer::default();
    let input = producer.handle_plan(plan)?;
    let mut names = Vec::new();
    for field in plan.schema().fields() {
        flatten_names(field, true, &mut names);
    }
    let root = RelRoot { input: Some(*input), names };
    Ok(Plan {
        version: Some(version::version_with_producer("pinion")),
        extensions: producer.extensions.into(),
        relations: vec![PlanRel { rel_type: Some(plan_rel::RelType::Root(root)) }],
        ..Plan::default()
    })
}

#[derive(Default)]
struct Producer {
    extensions: Extensions,
    lambdas: DefaultSubstraitLambdaProducer,
}

impl Producer {
    fn call(&mut self, name: &str, arguments: Vec<Expression>) -> Expression {
        let function_reference = self.register_function(name.to_owned());
        let value = |argument| FunctionArgument { arg_type: Some(ArgType::Value(argument)) };
        Expression {
            rex_type: Some(RexType::ScalarFunction(ScalarFunction {
                function_reference,
                arguments: arguments.into_iter().map(value).collect(),
                ..ScalarFunction::default()
            })),
        }
    }

    /// A type in Substrait's words, taken from the typed null that a cast of null becomes; None when it has none.
    fn output_type(&mut self, kind: &DataType, nullable: bool) -> Option<Type> {
        let field = Arc::new(Field::new("", kind.clone(), nullable));
        let cast = Cast::new_from_field(Box::new(lit(ScalarValue::Null)), field);
        let made = from_cast(self, &cast, &Arc::new(DFSchema::empty())).ok()?;
        match made.rex_type {
            Some(RexType::Literal(Literal { literal_type: Some(LiteralType::Null(kind)), .. })) => Some(kind),
            _ => None,
        }
    }

    fn text(&mut self, text: &str) -> DfResult<Expression> {
        from_literal(self, &ScalarValue::Utf8(Some(text.to_owned())))
    }

    /// cast or try_cast to a type that Substrait would change.
    fn exact_cast(&mut self, name: &str, value: &Expr, kind: &FieldRef, schema: &DFSchemaRef) -> DfResult<Expression> {
        let Some(text) = words::type_name(kind.data_type()) else {
            return Err(words::unsupported(format!("cannot represent a cast to {}", kind.data_type())).into());
        };
        let arguments = vec![self.handle_expr(value, schema)?, self.text(&text)?];
        Ok(self.call(name, arguments))
    }

    fn exact_literal(&mut self, value: &ScalarValue, metadata: &str) -> DfResult<Expression> {
        let kind = value.data_type();
        let (Some(text), Some(stored)) = (words::type_name(&kind), words::stored(value)) else {
            return Err(words::unsupported(format!("cannot represent a literal of type {kind}")).into());
        };
        let arguments = vec![from_literal(self, &stored)?, self.text(&text)?, self.text(metadata)?];
        Ok(self.call(words::LITERAL, arguments))
    }

    fn unnest(&mut self, unnest: &Unnest) -> Result<Box<Rel>> {
        let schema = unnest.input.schema();
        let columns: std::result::Result<Vec<usize>, _> =
            unnest.exec_columns.iter().map(|column| schema.index_of_column(column)).collect();
        let mut recursions = Vec::new();
        for recursion in &unnest.options.recursions {
            recursions.push(json!({
                "depth": recursion.depth,
                "input": schema.index_of_column(&recursion.input_column)?,
                "output": recursion.output_column.name,
            }));
        }
        let detail = json!({
            "columns": columns?,
            "null_handling": format!("{:?}", unnest.options.null_handling),
            "recursions": recursions,
        });
        let input = Some(self.handle_plan(&unnest.input)?);
        let mut relation = ExtensionSingleRel { common: None, input, detail: Some(Default::default()) };
        if let Some(any) = relation.detail.as_mut() {
            any.type_url = words::UNNEST.to_owned();
            any.value = detail.to_string().into_bytes().into();
        }
        Ok(Box::new(Rel { rel_type: Some(RelType::ExtensionSingle(Box::new(relation))) }))
    }

    fn recursion(&mut self, query: &RecursiveQuery) -> Result<Box<Rel>> {
        let first = self.handle_plan(&query.static_term)?;
        let step = self.handle_plan(&query.recursive_term)?;
        let schema = work_table(query).unwrap_or_else(|| Arc::clone(query.static_term.schema().inner()));
        let columns: Vec<_> = schema
            .fields()
            .iter()
            .map(|field| json!({"name": field.name(), "nullable": field.is_nullable()}))
            .collect();
        let detail = json!({"columns": columns, "distinct": query.is_distinct, "name": query.name});
        let mut relation =
            ExtensionMultiRel { common: None, inputs: vec![*first, *step], detail: Some(Default::default()) };
        if let Some(any) = relation.detail.as_mut() {
            any.type_url = words::RECURSION.to_owned();
            any.value = detail.to_string().into_bytes().into();
        }
        Ok(Box::new(Rel { rel_type: Some(RelType::ExtensionMulti(relation)) }))
    }

    /// The frame in words, when Substrait's would say something else.
    fn frame_option(&mut self, frame: &WindowFrame) -> DfResult<Option<FunctionOption>> {
        let rows = frame.units == WindowFrameUnits::Rows;
        let known = rows || frame.units == WindowFrameUnits::Range;
        if known && fits(&frame.start_bound, true, rows) && fits(&frame.end_bound, false, rows) {
            return Ok(None);
        }
        let (start, end) = (self.bound(&frame.start_bound)?, self.bound(&frame.end_bound)?);
        Ok(Some(FunctionOption {
            name: words::FRAME.to_owned(),
            preference: vec![frame.units.to_string(), start, end],
        }))
    }

    fn bound(&mut self, bound: &WindowFrameBound) -> DfResult<String> {
        let (word, offset) = match bound {
            WindowFrameBound::CurrentRow => return Ok("CURRENT".to_owned()),
            WindowFrameBound::Preceding(offset) => ("PRECEDING", offset),
            WindowFrameBound::Following(offset) => ("FOLLOWING", offset),
        };
        if offset.is_null() {
            return Ok(format!("UNBOUNDED {word}"));
        }
        let literal = self.handle_literal(offset)?;
        let RexType::Literal(_) = literal.rex_type.as_ref().expect("a literal has a kind") else {
            return Err(words::unsupported(format!("cannot represent a window frame of {offset}")).into());
        };
        let hex: String = literal.encode_to_vec().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(format!("{word} {hex}"))
    }
}

/// Whether a bound comes back as it went in: Substrait's offsets are positive counts.
fn fits(bound: &WindowFrameBound, is_start: bool, rows: bool) -> bool {
    match bound {
        WindowFrameBound::CurrentRow => true,
        WindowFrameBound::Preceding(offset) | WindowFrameBound::Following(offset) if offset.is_null() => {
            is_start == matches!(bound, WindowFrameBound::Preceding(_))
        }
        WindowFrameBound::Preceding(offset) | WindowFrameBound::Following(offset) => {
            rows && matches!(offset, ScalarValue::UInt64(Some(n)) if *n > 0)
        }
    }
}

/// The schema under which the step reads the rows so far.
fn work_table(query: &RecursiveQuery) -> Option<SchemaRef> {
    let mut found = None;
    let walk = query.recursive_term.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && scan.table_name.table() == query.name
        {
            found = Some(scan.source.schema());
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    walk.ok().and(found)
}

impl SubstraitProducer for Producer {
    fn register_function(&mut self, signature: String) -> u32 {
        self.extensions.register_function(&signature)
    }

    fn register_type(&mut self, name: String) -> u32 {
        self.extensions.register_type(&name)
    }

    fn get_extensions(self) -> Extensions {
        self.extensions
    }

    fn handle_plan(&mut self, plan: &LogicalPlan) -> DfResult<Box<Rel>> {
        match plan {
            LogicalPlan::Unnest(unnest) => Ok(self.unnest(unnest)?),
            LogicalPlan::RecursiveQuery(query) => Ok(self.recursion(query)?),
            LogicalPlan::Dml(_)
            | LogicalPlan::Ddl(_)
            | LogicalPlan::Copy(_)
            | LogicalPlan::Statement(_)
            | LogicalPlan::Explain(_)
            | LogicalPlan::Analyze(_)
            | LogicalPlan::DescribeTable(_) => {
                let name = plan.display().to_string();
                let word = name.split([' ', ':']).next().unwrap_or_default();
                Err(words::unsupported(format!("{word} is not a query")).into())
            }
            _ => to_substrait_rel(self, plan),
        }
    }

    fn handle_table_scan(&mut self, scan: &TableScan) -> DfResult<Box<Rel>> {
        let ReducedScan { scan: reduced, filters, output } = reduce(scan)?;
        let LogicalPlan::TableScan(inner) = &reduced else {
            return Err(words::unsupported(format!("cannot represent the scan of '{}'", scan.table_name)).into());
        };
        let all = output.len() == inner.projected_schema.fields().len() && output.is_sorted();
        if filters.is_empty() && all {
            return from_table_scan(self, inner);
        }
        let mut plan = reduced.clone();
        if let Some(condition) = conjunction(filters) {
            plan = LogicalPlan::Filter(Filter::try_new(condition, Arc::new(plan))?);
        }
        if !all {
            let columns: Vec<Expr> =
                output.iter().map(|i| Expr::Column(plan.schema().qualified_field(*i).into())).collect();
            plan = LogicalPlan::Projection(Projection::try_new(columns, Arc::new(plan))?);
        }
        self.handle_plan(&plan)
    }

    fn handle_join(&mut self, join: &Join) -> DfResult<Box<Rel>> {
        // After planning USING is ON: only `*` tells them apart.
        let on = Join { join_constraint: JoinConstraint::On, ..join.clone() };
        let mut relation = from_join(self, &on)?;
        if join.null_aware
            && let Some(RelType::Join(inner)) = relation.rel_type.as_mut()
        {
            let mut extension = AdvancedExtension { enhancement: Some(Default::default()), ..Default::default() };
            if let Some(any) = extension.enhancement.as_mut() {
                any.type_url = words::NULL_AWARE.to_owned();
            }
            inner.advanced_extension = Some(extension);
        }
        Ok(relation)
    }

    fn handle_sort(&mut self, sort: &Sort) -> DfResult<Box<Rel>> {
        let Some(fetch) = sort.fetch else { return from_sort(self, sort) };
        // Substrait's sort has no limit of its own.
        let whole = LogicalPlan::Sort(Sort { fetch: None, ..sort.clone() });
        let fetch = Some(Box::new(lit(fetch as i64)));
        from_limit(self, &Limit { skip: None, fetch, input: Arc::new(whole) })
    }

    fn handle_limit(&mut self, limit: &Limit) -> DfResult<Box<Rel>> {
        match limit.input.as_ref() {
            // The limit above says it already.
            LogicalPlan::Sort(sort) if sort.fetch.is_some() => {
                let whole = LogicalPlan::Sort(Sort { fetch: None, ..sort.clone() });
                from_limit(self, &Limit { input: Arc::new(whole), ..limit.clone() })
            }
            _ => from_limit(self, limit),
        }
    }

    fn handle_expr(&mut self, expr: &Expr, schema: &DFSchemaRef) -> DfResult<Expression> {
        match expr {
            Expr::Literal(value, Some(metadata)) if !metadata.is_empty() => {
                self.exact_literal(value, &words::metadata_text(metadata))
            }
            Expr::ScalarVariable(_, names) => {
                Err(words::unsupported(format!("cannot represent the variable {}", names.join("."))).into())
            }
            _ => to_substrait_rex(self, expr, schema),
        }
    }

    /// Left-deep chains are as long as the SQL text is, so they are walked with a loop, each type made of the types
    /// below it: the crate derives it anew at each level, in cubic time.
    fn handle_binary_expr(&mut self, expr: &BinaryExpr, schema: &DFSchemaRef) -> DfResult<Expression> {
        let mut chain = vec![expr];
        let mut first = expr.left.as_ref();
        while let Expr::BinaryExpr(inner) = first {
            chain.push(inner);
            first = inner.left.as_ref();
        }
        let mut value = self.handle_expr(first, schema)?;
        let (mut kind, mut nullable) = (first.get_type(schema)?, first.nullable(schema)?);
        for node in chain.into_iter().rev() {
            let right = self.handle_expr(&node.right, schema)?;
            let (right_kind, right_nullable) = (node.right.get_type(schema)?, node.right.nullable(schema)?);
            kind = BinaryTypeCoercer::new(&kind, &node.op, &right_kind).get_result_type()?;
            nullable |= right_nullable;
            value = self.call(operator_to_name(node.op), vec![value, right]);
            let output_type = self.output_type(&kind, nullable);
            if let Some(RexType::ScalarFunction(call)) = value.rex_type.as_mut() {
                call.output_type = output_type;
            }
        }
        Ok(value)
    }

    /// As for binary operators: the type is that of the input, not derived anew at each level.
    fn handle_unary_expr(&mut self, expr: &Expr, schema: &DFSchemaRef) -> DfResult<Expression> {
        let (name, inner) = match expr {
            Expr::Not(inner) => ("not", inner),
            Expr::Negative(inner) => ("negate", inner),
            _ => return from_unary_expr(self, expr, schema),
        };
        let value = self.handle_expr(inner, schema)?;
        let output_type = self.output_type(&inner.get_type(schema)?, inner.nullable(schema)?);
        let mut made = self.call(name, vec![value]);
        if let Some(RexType::ScalarFunction(call)) = made.rex_type.as_mut() {
            call.output_type = output_type;
        }
        Ok(made)
    }

    fn handle_alias(&mut self, alias: &Alias, schema: &DFSchemaRef) -> DfResult<Expression> {
        let value = self.handle_expr(&alias.expr, schema)?;
        match &alias.metadata {
            Some(metadata) if !metadata.is_empty() => {
                let text = self.text(&words::metadata_text(metadata))?;
                Ok(self.call(words::WITH_METADATA, vec![value, text]))
            }
            _ => Ok(value),
        }
    }

    fn handle_literal(&mut self, value: &ScalarValue) -> DfResult<Expression> {
        if words::is_exact(&value.data_type()) || value.data_type().is_nested() {
            return from_literal(self, value);
        }
        self.exact_literal(value, "{}")
    }

    fn handle_cast(&mut self, cast: &Cast, schema: &DFSchemaRef) -> DfResult<Expression> {
        if words::is_exact(cast.field.data_type()) {
            return from_cast(self, cast, schema);
        }
        self.exact_cast(words::CAST, &cast.expr, &cast.field, schema)
    }

    fn handle_try_cast(&mut self, cast: &TryCast, schema: &DFSchemaRef) -> DfResult<Expression> {
        if words::is_exact(cast.field.data_type()) {
            return from_try_cast(self, cast, schema);
        }
        self.exact_cast(words::TRY_CAST, &cast.expr, &cast.field, schema)
    }

    fn handle_aggregate(&mut self, node: &Aggregate) -> DfResult<Box<Rel>> {
        let mut relation = from_aggregate(self, node)?;
        let Some(RelType::Aggregate(inner)) = relation.rel_type.as_mut() else { return Ok(relation) };
        // The hook for a single aggregate function is not called by the crate.
        for (measure, made) in inner.measures.iter_mut().zip(&node.aggr_expr) {
            let Expr::AggregateFunction(function) = made.clone().unalias() else { continue };
            if let (Some(treatment), Some(call)) = (function.params.null_treatment, measure.measure.as_mut()) {
                call.options.push(null_treatment(treatment));
            }
        }
        Ok(relation)
    }

    fn handle_window_function(&mut self, function: &WindowFunction, schema: &DFSchemaRef) -> DfResult<Expression> {
        let params = &function.params;
        let frame = self.frame_option(&params.window_frame)?;
        let mut plain = function.clone();
        if frame.is_some() {
            plain.params.window_frame = WindowFrame::new_bounds(
                WindowFrameUnits::Rows,
                WindowFrameBound::Preceding(ScalarValue::UInt64(None)),
                WindowFrameBound::Following(ScalarValue::UInt64(None)),
            );
        }
        let mut expression = from_window_function(self, &plain, schema)?;
        if let Some(RexType::WindowFunction(inner)) = expression.rex_type.as_mut() {
            inner.options.extend(frame);
            inner.options.extend(params.null_treatment.map(null_treatment));
            if params.distinct {
                inner.invocation = AggregationInvocation::Distinct.into();
            }
        }
        match &params.filter {
            None => Ok(expression),
            Some(filter) => {
                let condition = self.handle_expr(filter, schema)?;
                Ok(self.call(words::FILTER_WINDOW, vec![expression, condition]))
            }
        }
    }

    fn push_lambda_parameters(&mut self, parameters: Vec<FieldRef>) -> DfResult<()> {
        let parameters = lambda_parameters_map(self, parameters)?;
        self.lambdas.push_lambda_parameters(parameters);
        Ok(())
    }

    fn pop_lambda_parameters(&mut self) -> DfResult<()> {
        self.lambdas.pop_lambda_parameters()
    }

    fn lambda_variable(&self, name: &str) -> DfResult<(u32, i32)> {
        self.lambdas.lambda_variable(name)
    }

    fn lambda_parameter_type(&self, name: &str) -> DfResult<Type> {
        self.lambdas.lambda_parameter_type(name)
    }
}

fn null_treatment(treatment: expr::NullTreatment) -> FunctionOption {
    FunctionOption {
        name: words::NULL_TREATMENT.to_owned(),
        preference: vec![words::null_treatment_name(treatment).to_owned()],
    }
}
