//! Table functions that remember how they were called.
//!
//! A scan keeps the table a function made and not its arguments, so every table function is registered in a wrapper
//! whose tables know both.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{Constraints, Statistics};
use datafusion::datasource::source_as_provider;
use datafusion::error::Result as DfResult;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, TableProviderFilterPushDown, TableScan, TableType};
use datafusion::physical_plan::ExecutionPlan;

/// Wraps every table function of the state.
pub fn remember_calls(state: &mut SessionState) {
    let functions: Vec<_> = state.table_functions().iter().map(|(name, f)| (name.clone(), f.clone())).collect();
    for (name, function) in functions {
        let inner = Arc::clone(function.function());
        state.register_udtf(&name.clone(), Arc::new(Remembering { name, inner }));
    }
}

/// How a scan's table was called.
#[derive(Debug, Clone)]
pub struct Call {
    pub function: String,
    pub arguments: Vec<Expr>,
    /// Of a pack's table: what it says it is a version of, or that it cannot tell.
    pub version: Option<Option<String>>,
}

/// The call that a scan's table comes from; None when it is no table function's.
pub fn call_of(scan: &TableScan) -> Option<Call> {
    let provider = source_as_provider(&scan.source).ok()?;
    provider.downcast_ref::<Called>().map(|called| called.call.clone())
}

/// A table that knows the call it comes from.
pub fn remembered(call: Call, inner: Arc<dyn TableProvider>) -> Arc<dyn TableProvider> {
    Arc::new(Called { call, inner })
}

#[derive(Debug)]
struct Remembering {
    name: String,
    inner: Arc<dyn TableFunctionImpl>,
}

impl TableFunctionImpl for Remembering {
    fn call_with_args(&self, args: TableFunctionArgs) -> DfResult<Arc<dyn TableProvider>> {
        let arguments = args.exprs().to_vec();
        let inner = self.inner.call_with_args(args)?;
        Ok(remembered(Call { function: self.name.clone(), arguments, version: None }, inner))
    }
}

#[derive(Debug)]
struct Called {
    call: Call,
    inner: Arc<dyn TableProvider>,
}

#[async_trait]
impl TableProvider for Called {
    fn schema(&self) -> SchemaRef {
        self.inner.schema()
    }

    fn constraints(&self) -> Option<&Constraints> {
        self.inner.constraints()
    }

    fn table_type(&self) -> TableType {
        self.inner.table_type()
    }

    fn get_logical_plan(&'_ self) -> Option<Cow<'_, LogicalPlan>> {
        self.inner.get_logical_plan()
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        self.inner.scan(state, projection, filters, limit).await
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> DfResult<Vec<TableProviderFilterPushDown>> {
        self.inner.supports_filters_pushdown(filters)
    }

    fn statistics(&self) -> Option<Statistics> {
        self.inner.statistics()
    }
}
