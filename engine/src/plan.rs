//! Plans: made of SQL, Substrait or a table, in one of the two spaces; optimised when somebody asks.

use std::collections::BTreeSet;
use std::ffi::{c_char, c_void};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::ffi::FFI_ArrowSchema;
use datafusion::arrow::ffi_stream::FFI_ArrowArrayStream;
use datafusion::datasource::provider_as_source;
use datafusion::execution::context::{SQLOptions, SessionState};
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::sql::parser::{CopyToSource, DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{ObjectNamePart, Statement as SqlStatement, TableFactor, Visit, Visitor};
use datafusion::sql::sqlparser::dialect::{Dialect, dialect_from_str};
use serde_json::{Value, json};

use crate::cancel::{self, pne_cancel};
use crate::depth;
use crate::error::{Failure, Result, pne_error, status};
use crate::guard::{guard_free, guard_on};
use crate::handle::{Handle, handle};
use crate::session::{Session, Space, pne_session};
use crate::stream;
use crate::table::pne_table;
use crate::view::{self, pne_sink};

const ALLOW_DDL: u32 = 1;
const ALLOW_DML: u32 = 2;
const ALLOW_STATEMENTS: u32 = 4;

pub struct Plan {
    session: Arc<Session>,
    space: Space,
    logical: LogicalPlan,
    optimised: Mutex<Option<Arc<LogicalPlan>>>,
}

handle!(pne_plan, Plan, "plan");

impl Plan {
    pub fn new(session: Arc<Session>, space: Space, logical: LogicalPlan) -> Self {
        Plan { session, space, logical, optimised: Mutex::new(None) }
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

    /// The optimised plan, made once. Recursive: planning threads only.
    pub fn optimised(&self) -> Result<Arc<LogicalPlan>> {
        let mut cached = self.optimised.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = cached.as_ref() {
            return Ok(Arc::clone(plan));
        }
        let plan = Arc::new(self.state().optimize(&self.logical)?);
        *cached = Some(Arc::clone(&plan));
        Ok(plan)
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

fn dialect(state: &SessionState) -> Result<Box<dyn Dialect>> {
    let name = state.config_options().sql_parser.dialect;
    dialect_from_str(name).ok_or_else(|| Failure::new(status::INVALID, format!("unknown SQL dialect '{name}'")))
}

/// Parses after the depth check. Recursive: planning threads only.
fn parse(state: &SessionState, sql: &str) -> Result<Vec<Statement>> {
    let dialect = dialect(state)?;
    depth::check(sql, dialect.as_ref())?;
    let limit = state.config_options().sql_parser.recursion_limit.get();
    let mut parser = DFParserBuilder::new(sql).with_dialect(dialect.as_ref()).with_recursion_limit(limit).build()?;
    Ok(parser.parse_statements()?.into())
}

async fn plan_sql(session: Arc<Session>, space: Space, sql: String, allow: u32) -> Result<Arc<Plan>> {
    let state = session.state(space);
    let mut statements = parse(&state, &sql)?;
    if statements.len() != 1 {
        let text = format!("the SQL text has {} statements instead of one", statements.len());
        return Err(Failure::new(status::PLAN, text));
    }
    let statement = statements.remove(0);
    let logical = state.statement_to_plan(statement).await?;
    let options = SQLOptions::new()
        .with_allow_ddl(allow & ALLOW_DDL != 0)
        .with_allow_dml(allow & ALLOW_DML != 0)
        .with_allow_statements(allow & ALLOW_STATEMENTS != 0);
    options.verify_plan(&logical).map_err(|error| {
        let failure = Failure::from(error).context("the SQL policy refuses the statement");
        Failure { status: status::UNSUPPORTED, ..failure }
    })?;
    Ok(Arc::new(Plan::new(session, space, logical)))
}

/// What pne_sql_tables reports. Recursive: planning threads only.
fn describe_sql(state: &SessionState, sql: &str) -> Result<Value> {
    let statements = parse(state, sql)?;
    let mut tables = Vec::new();
    for statement in &statements {
        let references = state.resolve_table_references(statement)?;
        tables.extend(references.iter().map(|table| table.table().to_owned()));
    }
    tables.sort();
    tables.dedup();
    let mut functions = TableFunctions::default();
    for statement in &statements {
        functions.visit(statement);
    }
    tables.retain(|table| !functions.called.contains(table) || functions.named.contains(table));
    Ok(json!({
        "count": statements.len(),
        "statement": statements.first().map_or("other", kind_of),
        "tables": tables,
    }))
}

/// Tells the tables that are called, as in `FROM generate_series(1, 3)`, from those that are named.
#[derive(Default)]
struct TableFunctions {
    called: BTreeSet<String>,
    named: BTreeSet<String>,
}

impl TableFunctions {
    fn visit(&mut self, statement: &Statement) {
        match statement {
            Statement::Statement(inner) => {
                let _ = Visit::visit(inner.as_ref(), self);
            }
            Statement::Explain(explain) => self.visit(&explain.statement),
            Statement::CopyTo(copy) => {
                if let CopyToSource::Query(query) = &copy.source {
                    let _ = Visit::visit(query.as_ref(), self);
                }
            }
            Statement::CreateExternalTable(_) | Statement::Reset(_) => {}
        }
    }
}

impl Visitor for TableFunctions {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, args, .. } = factor
            && let Some(ObjectNamePart::Identifier(last)) = name.0.last()
        {
            // As DataFusion normalises: lower case unless quoted.
            let plain = last.quote_style.is_none();
            let word = if plain { last.value.to_lowercase() } else { last.value.clone() };
            if args.is_some() {
                self.called.insert(word)
            } else {
                self.named.insert(word)
            };
        }
        ControlFlow::Continue(())
    }
}

fn kind_of(statement: &Statement) -> &'static str {
    use SqlStatement as S;
    match statement {
        Statement::CreateExternalTable(_) => "ddl",
        Statement::CopyTo(_) => "copy",
        Statement::Explain(_) => "explain",
        Statement::Reset(_) => "set",
        Statement::Statement(inner) => match inner.as_ref() {
            S::Query(_) => "query",
            S::Insert(_) | S::Update(_) | S::Delete(_) | S::Merge(_) | S::Truncate(_) => "dml",
            S::Copy { .. } => "copy",
            S::Explain { .. } => "explain",
            S::ExplainTable { .. } => "describe",
            S::Set(_) => "set",
            S::ShowTables { .. }
            | S::ShowColumns { .. }
            | S::ShowVariable { .. }
            | S::ShowFunctions { .. }
            | S::ShowCreate { .. }
            | S::ShowDatabases { .. }
            | S::ShowSchemas { .. } => "show",
            S::CreateTable(_)
            | S::CreateView(_)
            | S::CreateFunction(_)
            | S::CreateSchema { .. }
            | S::CreateDatabase { .. }
            | S::CreateIndex(_)
            | S::Drop { .. }
            | S::DropFunction(_)
            | S::AlterTable(_)
            | S::AlterView { .. } => "ddl",
            _ => "other",
        },
    }
}

/// Gives JSON: {"statement":"query|ddl|dml|copy|explain|set|show|describe|other", "count":number of statements,
/// "tables":[names of the tables read or written, without CTEs, sorted]}. PLAN: a syntax error. LIMIT: too long or deep.
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
        let found = session.content.engine().plan_job(None, move || describe_sql(&state, &sql))?;
        // SAFETY: the caller passes a callable sink.
        unsafe { view::emit_json(sink, ctx, found) }
    })
}

/// Plans exactly one SQL statement in space 0 (identity) or 1 (run).
///
/// `allow_flags`: 1 DDL, 2 DML and COPY, 4 statements such as SET; without them such a statement is UNSUPPORTED.
/// PLAN: it does not plan. LIMIT: more than 64 MiB or 8,000 levels. `*out` is owned by the caller: pne_plan_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_plan_sql(
    session: *const pne_session,
    space: i32,
    sql: *const c_char,
    len: usize,
    allow_flags: u32,
    out: *mut *mut pne_plan,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        // SAFETY: the caller passes `len` readable bytes.
        let sql = unsafe { view::text_of(sql, len, "SQL text")? }.to_owned();
        let space = Space::from_c(space)?;
        let owner = Arc::clone(&session.content);
        let job = move || plan_sql(owner, space, sql, allow_flags);
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
