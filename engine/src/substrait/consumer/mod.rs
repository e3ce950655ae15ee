//! From Substrait to a logical plan: the crate's consumer with our words understood and reads made explicit.
//!
//! A read is a scan of a registered table under its one-part name, with the types it was registered with; what the
//! plan says about its columns is checked against them. A read's filter becomes a Filter above the scan: inside the
//! scan it would be applied only if the provider happens to promise so.

mod expression;
mod join;
mod project;
mod relation;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use datafusion::common::{DFSchema, TableReference};
use datafusion::error::Result as DfResult;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::expr::WindowFunction as WindowExpr;
use datafusion::logical_expr::{Expr, LogicalPlan, Union};
use datafusion_substrait::extensions::Extensions;
use datafusion_substrait::logical_plan::consumer::{
    DefaultSubstraitLambdaConsumer, SubstraitConsumer, from_scalar_function, from_set_rel,
    from_substrait_plan_with_consumer, from_substrait_rel, from_window_function,
};
use datafusion_substrait::substrait::proto::aggregate_function::AggregationInvocation;
use datafusion_substrait::substrait::proto::expression::{ScalarFunction, WindowFunction};
use datafusion_substrait::substrait::proto::rel::RelType;
use datafusion_substrait::substrait::proto::set_rel::SetOp;
use datafusion_substrait::substrait::proto::{
    AggregateRel, ExtensionMultiRel, ExtensionSingleRel, JoinRel, Plan, PlanRel, ReadRel, Rel, SetRel, Type, plan_rel,
};

use self::expression::{counted, null_treatment};
use super::encoding as words;
use super::names::{distinct_names, with_output_names};
use crate::error::Result;

/// Makes the logical plan of a Substrait plan, and says whether it stands on views that were never optimised.
/// Recursive: planning threads only.
pub async fn consume(plan: &Plan, state: &SessionState) -> Result<(LogicalPlan, bool)> {
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
        joins: AtomicUsize::new(0),
        unnests: AtomicUsize::new(0),
        raw_views: AtomicBool::new(false),
        names: RwLock::default(),
    };
    if let [PlanRel { rel_type: Some(plan_rel::RelType::Root(root)) }] = plan.relations.as_slice()
        && let Some(input) = &root.input
        && let Some(named) = with_output_names(consumer.named(input, &root.names).await?, &root.names)?
    {
        return Ok((named, consumer.raw_views.load(Ordering::Relaxed)));
    }
    // Another producer's plan, with other names inside its types.
    let made = from_substrait_plan_with_consumer(&consumer, plan).await?;
    Ok((made, true))
}

struct Consumer<'a> {
    extensions: &'a Extensions,
    state: &'a SessionState,
    outer_schemas: RwLock<Vec<Arc<DFSchema>>>,
    lambdas: DefaultSubstraitLambdaConsumer,
    /// The tables of the recursive queries around, innermost last.
    work_tables: RwLock<Vec<(String, Arc<dyn TableProvider>)>>,
    /// Joins and unnests so far.
    joins: AtomicUsize,
    unnests: AtomicUsize,
    /// Whether a view was read whose plan is as its SQL says.
    raw_views: AtomicBool,
    /// The output's names, until the projection that makes its columns takes them.
    names: RwLock<Option<Vec<String>>>,
}

impl Consumer<'_> {
    /// The relation of the root: a projection below nothing but sorting and counting gives its columns their names, so
    /// that none is needed above.
    async fn named(&self, rel: &Rel, names: &[String]) -> DfResult<LogicalPlan> {
        *self.names.write().unwrap_or_else(PoisonError::into_inner) = Some(names.to_vec());
        self.consume_rel(rel).await
    }

    fn take_names(&self) -> Option<Vec<String>> {
        self.names.write().unwrap_or_else(PoisonError::into_inner).take()
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

    async fn consume_rel(&self, rel: &Rel) -> DfResult<LogicalPlan> {
        match &rel.rel_type {
            Some(RelType::Project(project)) => return Ok(self.project(project).await?),
            Some(RelType::Sort(_) | RelType::Fetch(_)) => {}
            _ => drop(self.take_names()),
        }
        from_substrait_rel(self, rel).await
    }

    async fn consume_read(&self, rel: &ReadRel) -> DfResult<LogicalPlan> {
        Ok(self.read(rel).await?)
    }

    async fn consume_aggregate(&self, rel: &AggregateRel) -> DfResult<LogicalPlan> {
        Ok(self.aggregate(rel).await?)
    }

    async fn consume_extension_single(&self, rel: &ExtensionSingleRel) -> DfResult<LogicalPlan> {
        Ok(self.single(rel).await?)
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
            inputs.push(Arc::new(distinct_names(self.consume_rel(input).await?)?));
        }
        Ok(LogicalPlan::Union(Union::try_new_with_loose_types(inputs)?))
    }

    async fn consume_join(&self, rel: &JoinRel) -> DfResult<LogicalPlan> {
        Ok(self.join(rel).await?)
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
        counted(&mut params.window_frame)?;
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
