//! Optimised identity plans as the engine's own bytes, for a cache that is read by the engine build that wrote it.
//!
//! Such bytes could say anything: files to list, statements, tables made up. What is read back is first made over
//! stubs of the columns that the bytes name, and refused unless it is a query over nothing but those. Only then is it
//! made again over what the session has registered under their names. Whether it is the plan that was kept is for the
//! caller to compare: the plan over stubs can be written as Substrait.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::catalog::cte_worktable::CteWorkTable;
use datafusion::common::TableReference;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source_as_provider;
use datafusion::error::{DataFusionError, Result as DfResult};
use datafusion::execution::TaskContext;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{Extension, LogicalPlan};
use datafusion_proto::bytes::{
    logical_plan_from_bytes_with_extension_codec, logical_plan_to_bytes_with_extension_codec,
};
use datafusion_proto::logical_plan::LogicalExtensionCodec;
use serde_json::Map;

use crate::error::{Failure, Result, pne_error, status};
use crate::guard::{catch, guard_on};
use crate::handle::Handle;
use crate::optimise::REPLAYED;
use crate::plan::{self, Plan, pne_plan};
use crate::session::{Session, Space, pne_session};
use crate::stub::StubTable;
use crate::substrait::order;
use crate::view;

/// A table is its name and its columns.
#[derive(Debug)]
struct Tables {
    /// What is registered, by name; None: whatever is named is a stub.
    registered: Option<HashMap<String, Arc<dyn TableProvider>>>,
}

const STUBS: Tables = Tables { registered: None };

fn refused(text: impl Into<String>) -> Failure {
    Failure::new(status::UNSUPPORTED, text)
}

impl LogicalExtensionCodec for Tables {
    fn try_decode(&self, _: &[u8], _: &[LogicalPlan], _: &TaskContext) -> DfResult<Extension> {
        Err(refused("a kept plan holds a node of its own kind").into())
    }

    fn try_encode(&self, node: &Extension, _: &mut Vec<u8>) -> DfResult<()> {
        Err(refused(format!("{} is not kept", node.node.name())).into())
    }

    fn try_decode_table_provider(
        &self,
        _: &[u8],
        name: &TableReference,
        columns: SchemaRef,
        _: &TaskContext,
    ) -> DfResult<Arc<dyn TableProvider>> {
        let name = name.table();
        let Some(registered) = &self.registered else {
            return Ok(Arc::new(StubTable::new(columns, Map::new())?));
        };
        let Some(provider) = registered.get(name) else {
            return Err(Failure::new(status::PLAN, format!("table '{name}' not found")).into());
        };
        // What is read of it is kept as places.
        let found = provider.schema();
        let names = found.fields().iter().map(|field| field.name());
        if !names.eq(columns.fields().iter().map(|field| field.name())) {
            let text = format!("table '{name}' has other columns than the kept plan");
            return Err(Failure::new(status::SCHEMA, text).into());
        }
        Ok(Arc::clone(provider))
    }

    fn try_encode_table_provider(
        &self,
        name: &TableReference,
        provider: Arc<dyn TableProvider>,
        _: &mut Vec<u8>,
    ) -> DfResult<()> {
        if provider.downcast_ref::<StubTable>().is_none() {
            return Err(refused(format!("a plan that reads '{name}' is not kept")).into());
        }
        Ok(())
    }
}

/// The optimised plan as bytes. UNSUPPORTED names what has no form. Recursive: planning threads only.
pub fn keep(plan: &Plan) -> Result<Vec<u8>> {
    let optimised = order::steady(&plan.optimised(&plan.state())?)?;
    let bytes = logical_plan_to_bytes_with_extension_codec(&optimised, &STUBS).map_err(|error| {
        // The detail would say where in the crate it was said.
        let failure = Failure::from(error).context("the plan cannot be kept").with_detail("");
        Failure { status: status::UNSUPPORTED, ..failure }
    })?;
    Ok(bytes.to_vec())
}

fn decode(bytes: &[u8], tables: &Tables, context: &TaskContext) -> Result<LogicalPlan> {
    // The crate trusts what it reads and panics on some of it. It changes nothing outside itself.
    let made = catch(|| Ok(logical_plan_from_bytes_with_extension_codec(bytes, context, tables)?));
    made.map_err(|failure| match failure.status {
        status::PANIC | status::INTERNAL => {
            Failure { status: status::CORRUPT, ..failure }.context("the kept plan is damaged")
        }
        _ => failure,
    })
}

/// The names of the tables that a plan over stubs reads. UNSUPPORTED: it reads anything else, or is no query.
fn tables_of(plan: &LogicalPlan) -> Result<Vec<String>> {
    plan::verify(plan, 0)?;
    let mut names = Vec::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let provider = source_as_provider(&scan.source)?;
            let name = scan.table_name.table();
            if provider.downcast_ref::<StubTable>().is_some() {
                names.push(name.to_owned());
            } else if provider.downcast_ref::<CteWorkTable>().is_none() {
                return Err(DataFusionError::from(refused(format!("a kept plan brings the table '{name}' itself"))));
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(names)
}

async fn registered(names: Vec<String>, state: &SessionState) -> Result<Tables> {
    let mut found = HashMap::new();
    for name in names {
        let schema = state.schema_for_ref(TableReference::bare(name.as_str()))?;
        if let Some(provider) = schema.table(&name).await? {
            found.insert(name, provider);
        }
    }
    Ok(Tables { registered: Some(found) })
}

async fn restore(session: Arc<Session>, space: Space, bytes: Vec<u8>) -> Result<Arc<Plan>> {
    let state = session.state(space);
    let context = state.task_ctx();
    let over_stubs = decode(&bytes, &STUBS, &context)?;
    let names = tables_of(&over_stubs)?;
    if space == Space::Identity {
        return Ok(Arc::new(Plan::restored(session, over_stubs)));
    }
    let tables = registered(names, &state).await?;
    let is_raw = |table: &Arc<dyn TableProvider>| {
        table.get_logical_plan().is_some() && table.get_table_definition() != Some(REPLAYED)
    };
    let on_raw_views = tables.registered.iter().flat_map(HashMap::values).any(is_raw);
    let mut plan = Plan::new(session, space, decode(&bytes, &tables, &context)?);
    plan.replayed = !on_raw_views;
    Ok(Arc::new(plan))
}

/// Makes a plan of the bytes of rendering 10, which this very engine build wrote: in space 1 (run) over the registered
/// tables, in space 0 over stubs of the columns that the bytes name, to be compared: such a plan can only be written as
/// Substrait, and reads no catalog.
///
/// UNSUPPORTED: it is no query, or reads anything but tables by their names. CORRUPT: no plan. PLAN: a table is not
/// registered; SCHEMA: it has other columns. The caller checks the nesting depth of the bytes first. `*out` is owned by
/// the caller: pne_plan_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_plan_restore(
    session: *const pne_session,
    space: i32,
    bytes: *const u8,
    len: usize,
    out: *mut *mut pne_plan,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        // SAFETY: the caller passes `len` readable bytes.
        let bytes = unsafe { view::bytes(bytes, len, "kept plan")? }.to_owned();
        let space = Space::from_c(space)?;
        let owner = Arc::clone(&session.content);
        let plan = session.content.engine().plan_async(None, move || restore(owner, space, bytes))?;
        // SAFETY: the caller passes NULL or a writable place.
        unsafe { pne_plan::new(plan).give(out) }
    })
}
