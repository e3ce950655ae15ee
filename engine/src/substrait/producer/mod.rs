//! From a logical plan to Substrait: the crate's producer with the lossy forms replaced.
//!
//! Names that do not reach the output are not part of what a plan says: recursive queries, their columns and the
//! outputs of unnest get names made of their place.

mod expression;
mod fields;
mod relation;
mod window;

use datafusion::arrow::datatypes::FieldRef;
use datafusion::common::DFSchemaRef;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::expr::{self, Alias, Placeholder, WindowFunction};
use datafusion::logical_expr::{
    Aggregate, BinaryExpr, Cast, EmptyRelation, Expr, Join, Limit, LogicalPlan, Sort, TableScan, TryCast, Values,
};
use datafusion::scalar::ScalarValue;
use datafusion_substrait::extensions::Extensions;
use datafusion_substrait::logical_plan::producer::{
    DefaultSubstraitLambdaProducer, SubstraitProducer, lambda_parameters_map, to_substrait_rel, to_substrait_rex,
};
use datafusion_substrait::substrait::proto::extensions::AdvancedExtension;
use datafusion_substrait::substrait::proto::{Expression, Plan, PlanRel, Rel, RelRoot, Type, plan_rel};
use datafusion_substrait::substrait::version;

use super::encoding as words;
use super::names::flatten_names;
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
    /// The names of the recursive queries around, in the plan and here, innermost last.
    work_tables: Vec<(String, String)>,
    /// Recursive queries so far.
    recursions: usize,
    /// Where the expression lies that was produced last, when it said its field.
    last: Option<(usize, FieldRef)>,
}

/// What an enhancement is: a type URL and bytes.
fn enhancement(type_url: &str, value: String) -> Option<AdvancedExtension> {
    let mut extension = AdvancedExtension { enhancement: Some(Default::default()), ..Default::default() };
    if let Some(any) = extension.enhancement.as_mut() {
        any.type_url = type_url.to_owned();
        any.value = value.into_bytes().into();
    }
    Some(extension)
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
        Ok(self.scan(scan)?)
    }

    fn handle_values(&mut self, values: &Values) -> DfResult<Box<Rel>> {
        self.virtual_table(&values.schema, &values.values)
    }

    fn handle_empty_relation(&mut self, node: &EmptyRelation) -> DfResult<Box<Rel>> {
        let mut rows = Vec::new();
        if node.produce_one_row {
            // Its columns are null.
            let nulls = node.schema.fields().iter().map(|field| ScalarValue::try_from(field.data_type()));
            let row: DfResult<Vec<Expr>> = nulls.map(|null| Ok(Expr::Literal(null?, None))).collect();
            rows.push(row?);
        }
        self.virtual_table(&node.schema, &rows)
    }

    fn handle_join(&mut self, join: &Join) -> DfResult<Box<Rel>> {
        self.join(join)
    }

    fn handle_sort(&mut self, sort: &Sort) -> DfResult<Box<Rel>> {
        self.sort(sort)
    }

    fn handle_limit(&mut self, limit: &Limit) -> DfResult<Box<Rel>> {
        self.limit(limit)
    }

    fn handle_aggregate(&mut self, node: &Aggregate) -> DfResult<Box<Rel>> {
        self.aggregate(node)
    }

    fn handle_expr(&mut self, expr: &Expr, schema: &DFSchemaRef) -> DfResult<Expression> {
        match expr {
            Expr::Literal(value, Some(metadata)) if !metadata.is_empty() => {
                Ok(self.exact_literal(value, &words::metadata_text(metadata))?)
            }
            Expr::ScalarVariable(_, names) => {
                Err(words::unsupported(format!("cannot represent the variable {}", names.join("."))).into())
            }
            Expr::SimilarTo(like) => self.similar_to(like, schema),
            _ => to_substrait_rex(self, expr, schema),
        }
    }

    fn handle_binary_expr(&mut self, expr: &BinaryExpr, schema: &DFSchemaRef) -> DfResult<Expression> {
        self.binary_chain(expr, schema)
    }

    fn handle_unary_expr(&mut self, expr: &Expr, schema: &DFSchemaRef) -> DfResult<Expression> {
        self.unary(expr, schema)
    }

    fn handle_alias(&mut self, alias: &Alias, schema: &DFSchemaRef) -> DfResult<Expression> {
        self.alias(alias, schema)
    }

    fn handle_literal(&mut self, value: &ScalarValue) -> DfResult<Expression> {
        self.literal(value)
    }

    fn handle_cast(&mut self, cast: &Cast, schema: &DFSchemaRef) -> DfResult<Expression> {
        self.cast(cast, schema)
    }

    fn handle_try_cast(&mut self, cast: &TryCast, schema: &DFSchemaRef) -> DfResult<Expression> {
        self.try_cast(cast, schema)
    }

    fn handle_scalar_function(
        &mut self,
        function: &expr::ScalarFunction,
        schema: &DFSchemaRef,
    ) -> DfResult<Expression> {
        self.function(function, schema)
    }

    fn handle_placeholder(&mut self, placeholder: &Placeholder, _: &DFSchemaRef) -> DfResult<Expression> {
        Ok(self.placeholder(placeholder)?)
    }

    fn handle_window_function(&mut self, function: &WindowFunction, schema: &DFSchemaRef) -> DfResult<Expression> {
        self.window(function, schema)
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
