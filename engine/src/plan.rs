//! Plans: made of SQL, Substrait or a table, in one of the two spaces; optimised when somebody asks.

use std::collections::BTreeSet;
use std::ffi::{c_char, c_void};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::ffi::FFI_ArrowSchema;
use datafusion::arrow::ffi_stream::FFI_ArrowArrayStream;
use datafusion::datasource::provider_as_source;
use datafusion::execution::context::{SQLOptions, SessionState};
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::dialect::{Dialect, dialect_from_str};
use serde_json::Value;

use crate::cancel::{self, pne_cancel};
use crate::create_function;
use crate::depth;
use crate::error::{Failure, Result, pne_error, status};
use crate::expand::expand;
use crate::guard::{guard_free, guard_on};
use crate::handle::{Handle, handle};
use crate::optimise::optimise;
use crate::params::{self, Param};
use crate::planner::take_decided;
use crate::session::{Session, Space, pne_session};
use crate::statement;
use crate::stream;
use crate::table::pne_table;
use crate::view::{self, pne_sink};

const ALLOW_DDL: u32 = 1;
const ALLOW_DML: u32 = 2;
const ALLOW_STATEMENTS: u32 = 4;
const SPLIT: u32 = 8;

pub struct Plan {
    session: Arc<Session>,
    space: Space,
    logical: LogicalPlan,
    /// What the statement asks for, when the plan is the rows of one that was taken apart.
    pub request: Value,
    /// The planners of packs that decided something in it.
    pub planners: BTreeSet<String>,
    /// Made of Substrait that is run: it was optimised before.
    pub replayed: bool,
    /// Made of kept bytes over stubs that no catalog knows: it cannot be consumed again.
    pub restored: bool,
    optimised: Mutex<Option<Arc<LogicalPlan>>>,
}

handle!(pne_plan, Plan, "plan");

impl Plan {
    pub fn new(session: Arc<Session>, space: Space, logical: LogicalPlan) -> Self {
        let (request, optimised) = (Value::Null, Mutex::new(None));
        let planners = BTreeSet::new();
        Plan { session, space, logical, request, planners, replayed: false, restored: false, optimised }
    }

    /// A plan of the identity space that was optimised before it was kept.
    pub fn restored(session: Arc<Session>, logical: LogicalPlan) -> Self {
        let optimised = Mutex::new(Some(Arc::new(logical.clone())));
        Plan { restored: true, optimised, ..Plan::new(session, Space::Identity, logical) }
    }

    pub fn session(&self) -> &Arc<Session> {
        &self.session
    }

    pub fn logical(&self) -> &LogicalPlan {
        &self.logical
    }

    /// A state of the plan's space, its clock started now.
    pub fn state(&self) -> SessionState {
        self.session.state(self.space)
    }

    /// The optimised plan, made once, in a state of the plan's space. Recursive: planning threads only.
    pub fn optimised(&self, state: &SessionState) -> Result<Arc<LogicalPlan>> {
        let mut cached = self.optimised.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = cached.as_ref() {
            return Ok(Arc::clone(plan));
        }
        let plan = Arc::new(self.optimised_at(state)?);
        *cached = Some(Arc::clone(&plan));
        Ok(plan)
    }

    /// The optimised plan at the state's clock. Recursive: planning threads only.
    pub fn optimised_at(&self, state: &SessionState) -> Result<LogicalPlan> {
        optimise(state, &self.logical, self.replayed)
    }

    /// Stubs have no rows, so plans over them are for fingerprints only.
    pub fn must_run(&self) -> Result<()> {
        match self.space {
            Space::Run => Ok(()),
            Space::Identity => Err(Failure::new(status::INVALID, "a plan of the identity space is not executed")
                .with_hint("plan the query again in the run space")),
        }
    }
}

/// What the first line of a text says of its dialect: `-- dialect: duckdb`.
fn stated_dialect(sql: &str) -> Option<&str> {
    let stated = dialect_line(sql)?.strip_prefix("--")?.trim_start().strip_prefix("dialect:")?;
    Some(stated.trim())
}

/// The first line of a text that states a dialect.
pub fn dialect_line(sql: &str) -> Option<&str> {
    let first = sql.trim_start().lines().next()?;
    first.strip_prefix("--")?.trim_start().starts_with("dialect:").then_some(first)
}

/// The name of the dialect a text is read in: its own, or the session's.
pub fn dialect_name(state: &SessionState, sql: &str) -> String {
    let of_session = || state.config_options().sql_parser.dialect.to_string();
    stated_dialect(sql).map_or_else(of_session, str::to_lowercase)
}

fn dialect(name: &str) -> Result<Box<dyn Dialect>> {
    let unknown = || {
        Failure::new(status::INVALID, format!("unknown SQL dialect '{name}'"))
            .with_hint("dialects are generic, ansi, bigquery, clickhouse, databricks, duckdb, hive, mssql, mysql, postgresql, redshift, snowflake, spark and sqlite")
    };
    dialect_from_str(name).ok_or_else(unknown)
}

/// Parses after the depth check; what is said in other words is written out. Recursive: planning threads only.
pub fn parse(state: &SessionState, session: &Session, sql: &str) -> Result<Vec<Statement>> {
    let dialect = dialect(&dialect_name(state, sql))?;
    depth::check(sql, dialect.as_ref())?;
    let limit = state.config_options().sql_parser.recursion_limit.get();
    let mut parser = DFParserBuilder::new(sql).with_dialect(dialect.as_ref()).with_recursion_limit(limit).build()?;
    let mut statements: Vec<Statement> = parser.parse_statements()?.into();
    for statement in &mut statements {
        expand(statement, session, dialect.as_ref())?;
    }
    Ok(statements)
}

/// Nothing but a query leaves here unless the caller allows it by the nodes of its plan.
pub fn verify(logical: &LogicalPlan, flags: u32) -> Result<()> {
    let options = SQLOptions::new()
        .with_allow_ddl(flags & ALLOW_DDL != 0)
        .with_allow_dml(flags & ALLOW_DML != 0)
        .with_allow_statements(flags & ALLOW_STATEMENTS != 0);
    options.verify_plan(logical).map_err(|error| {
        let failure = Failure::from(error).context("the SQL policy refuses the statement");
        Failure { status: status::UNSUPPORTED, ..failure }
    })
}

async fn plan_sql(
    session: Arc<Session>,
    space: Space,
    sql: String,
    flags: u32,
    params: Vec<Param>,
) -> Result<Arc<Plan>> {
    let state = session.state(space);
    take_decided();
    let mut statements = parse(&state, &session, &sql)?;
    if statements.len() != 1 {
        let text = format!("the SQL text has {} statements instead of one", statements.len());
        return Err(Failure::new(status::PLAN, text));
    }
    let statement = statements.remove(0);
    let (mut request, mut logical) = match create_function::take_apart(&statement)?.filter(|_| flags & SPLIT != 0) {
        Some((request, Some(types))) => (request, statement::types_only(state.statement_to_plan(types).await?)),
        Some((request, None)) => (request, LogicalPlan::default()),
        None => (Value::Null, state.statement_to_plan(statement).await?),
    };
    if flags & SPLIT != 0 && request.is_null() {
        (request, logical) = statement::split(logical)?;
    }
    verify(&logical, flags)?;
    if !params.is_empty() {
        logical = params::bind(logical, params)?;
    }
    Ok(Arc::new(Plan { request, planners: take_decided(), ..Plan::new(session, space, logical) }))
}

/// Tells what SQL text is made of, without planning it, as JSON: {"statement":kind of the first, "kinds":[kinds of all,
/// nested ones too], "count":number of statements, "tables":[names of the tables read or written, without CTEs],
/// "qualified":[names with a catalog or schema in front], "table_functions":[…], "parameters":["$1", …],
/// "object":{"what","name"?} of SHOW and DESCRIBE,
/// "dialect", "stray_lambdas":[lambdas that no function takes], "operator_lambdas":[what a function would take for
/// lambdas, in a dialect without them]}; lists are sorted. A text whose first line is `-- dialect: NAME` is read in that. Kinds: see src/statement.rs. PLAN: a syntax
/// error. LIMIT: too long or deep.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_sql_tables(
    session: *const pne_session,
    sql: *const c_char,
    len: usize,
    sink: pne_sink,
    ctx: *mut c_void,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        // SAFETY: the caller passes `len` readable bytes.
        let sql = unsafe { view::text_of(sql, len, "SQL text")? }.to_owned();
        let state = session.content.state(Space::Run);
        let owner = Arc::clone(&session.content);
        let job = move || statement::describe(&state, &owner, &sql);
        let found = session.content.engine().plan_job(None, job)?;
        // SAFETY: the caller passes a callable sink.
        unsafe { view::emit_json(sink, ctx, found) }
    })
}
/// Plans exactly one SQL statement in space 0 (identity) or 1 (run).
///
/// `flags`: 1 DDL, 2 DML and COPY, 4 statements such as SET; without them such a statement is UNSUPPORTED. 8: the
/// statement is taken apart: the plan is that of the rows it needs, what it asks for is rendering 4 of
/// pne_plan_explain, and nothing but a query is left in the plan. `params`: NULL, or the values of `$1` or `$name` as
/// one row, a column each, which is consumed always; SCHEMA: one does not fit. PLAN: it does not plan. LIMIT: more than
/// 64 MiB or 8,000 levels. `*out` is owned by the caller: pne_plan_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_plan_sql(
    session: *const pne_session,
    space: i32,
    sql: *const c_char,
    len: usize,
    flags: u32,
    params: *mut FFI_ArrowArrayStream,
    out: *mut *mut pne_plan,
    err: *mut pne_error,
) -> i32 {
    // Taken first: whatever fails later, the stream is released.
    let taken = (!params.is_null()).then(|| {
        // SAFETY: the caller passes a valid stream and gives it up.
        unsafe { FFI_ArrowArrayStream::from_raw(params) }
    });
    guard_on(session, err, |session| {
        let params = taken.map(params::read).transpose()?.unwrap_or_default();
        // SAFETY: the caller passes `len` readable bytes.
        let sql = unsafe { view::text_of(sql, len, "SQL text")? }.to_owned();
        let space = Space::from_c(space)?;
        let owner = Arc::clone(&session.content);
        let job = move || plan_sql(owner, space, sql, flags, params);
        let plan = session.content.engine().plan_async(None, job)?;
        // SAFETY: the caller passes NULL or a writable place.
        unsafe { pne_plan::new(plan).give(out) }
    })
}

/// Makes a plan that reads all of a table, in the run space. `*out` is owned by the caller: pne_plan_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_plan_table(
    session: *const pne_session,
    table: *const pne_table,
    out: *mut *mut pne_plan,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        // SAFETY: the caller passes a live table.
        let table = unsafe { pne_table::borrow(table)? };
        let provider = Arc::clone(&table.content.provider);
        let owner = Arc::clone(&session.content);
        let plan = session.content.engine().plan_job(None, move || {
            let scan = LogicalPlanBuilder::scan("table", provider_as_source(provider), None)?.build()?;
            Ok(Arc::new(Plan::new(owner, Space::Run, scan)))
        })?;
        // SAFETY: the caller passes NULL or a writable place.
        unsafe { pne_plan::new(plan).give(out) }
    })
}
/// Writes the schema of the plan's rows into released storage; the caller releases it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_plan_schema(plan: *const pne_plan, out: *mut FFI_ArrowSchema, err: *mut pne_error) -> i32 {
    guard_on(plan, err, |plan| {
        let schema = plan.content.logical.schema().as_arrow();
        let exported = stream::exported_schema(schema, plan.content.session.export_views);
        // SAFETY: the caller passes NULL or writable storage.
        unsafe { view::put_schema(out, &exported) }
    })
}

/// Starts the plan and gives its rows as an Arrow stream, written into released storage.
///
/// Planning fails here, execution in get_next, which waits for a batch: ECANCELED after the token fired, ENOMEM for
/// LIMIT, EIO otherwise, with the text in get_last_error. At most a few batches are made ahead. Release cancels.
/// `cancel` may be NULL; the stream keeps what it needs of it. One thread at a time per stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_plan_execute(
    plan: *const pne_plan,
    cancel: *const pne_cancel,
    out: *mut FFI_ArrowArrayStream,
    err: *mut pne_error,
) -> i32 {
    guard_on(plan, err, |plan| {
        // SAFETY: the caller passes NULL or a live token.
        let cancel = unsafe { cancel::optional(cancel)? };
        let exported = stream::start(&plan.content, cancel)?;
        // SAFETY: the caller passes NULL or writable storage.
        unsafe { view::put(out, exported, "stream") }
    })
}

/// Frees the plan; its running streams go on. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_plan_free(plan: *mut pne_plan) {
    guard_free(|| {
        // SAFETY: the caller gives the handle up.
        if let Some(plan) = unsafe { pne_plan::take(plan) } {
            let content = plan.into_content();
            content.session.engine().clone().free(content);
        }
    });
}
