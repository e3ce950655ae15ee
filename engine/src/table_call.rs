//! Tables that are called: `FROM read_parquet('a.parquet', limit => 3)`.
//!
//! What such a call stands for is decided in C, before anything is planned: C is told which calls a text holds, and has
//! relations written in their place. So a plan knows tables only, each of them pinned.

use std::collections::HashMap;
use std::ffi::{c_char, c_void};
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionState;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, ObjectName, TableAlias, TableFactor, UnaryOperator, Value as SqlValue,
    VisitorMut,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;
use serde_json::{Map, Value, json};

use crate::error::{Result, pne_error};
use crate::expand::walk;
use crate::guard::guard_on;
use crate::plan;
use crate::session::{Session, Space, pne_session};
use crate::statement::{last_word, word};
use crate::view::{self, pne_sink};

/// Name, arguments and alias of a table that is called.
fn call_of(factor: &TableFactor) -> Option<(&ObjectName, &[FunctionArg], &Option<TableAlias>)> {
    match factor {
        TableFactor::Table { name, args: Some(call), alias, .. } => Some((name, &call.args, alias)),
        TableFactor::Function { name, args, alias, .. } => Some((name, args, alias)),
        _ => None,
    }
}

/// The call as it is written, which is what C names it by.
fn text_of(name: &ObjectName, args: &[FunctionArg]) -> String {
    let args: Vec<String> = args.iter().map(ToString::to_string).collect();
    format!("{name}({})", args.join(", "))
}

/// A literal as {"kind","text"}; what is none has the kind "other".
fn literal(expr: &Expr) -> (&'static str, String) {
    match expr {
        Expr::Nested(inner) => literal(inner),
        Expr::TypedString(typed) => ("string", typed.value.clone().into_string().unwrap_or_default()),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match literal(expr) {
            ("number", text) => ("number", format!("-{text}")),
            _ => ("other", format!("-{expr}")),
        },
        Expr::Value(value) => match &value.value {
            SqlValue::Null => ("null", String::new()),
            SqlValue::Boolean(flag) => ("boolean", flag.to_string()),
            SqlValue::Number(number, _) => ("number", number.clone()),
            SqlValue::Placeholder(id) => ("other", id.clone()),
            text => text.clone().into_string().map_or_else(|| ("other", text.to_string()), |text| ("string", text)),
        },
        other => ("other", other.to_string()),
    }
}

fn argument(arg: &FunctionArg) -> Value {
    let (name, value) = match arg {
        FunctionArg::Named { name, arg, .. } => (Some(word(name)), arg),
        FunctionArg::ExprNamed { name, arg, .. } => (Some(name.to_string().to_lowercase()), arg),
        FunctionArg::Unnamed(arg) => (None, arg),
    };
    let (kind, text) = match value {
        FunctionArgExpr::Expr(expr) => literal(expr),
        other => ("other", other.to_string()),
    };
    json!({"name": name, "kind": kind, "text": text})
}

/// Collects calls, and replaces those that it knows a relation for.
#[derive(Default)]
struct Calls {
    found: Map<String, Value>,
    relations: HashMap<String, TableFactor>,
}

impl VisitorMut for Calls {
    type Break = ();

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        let Some((name, args, alias)) = call_of(factor) else { return ControlFlow::Continue(()) };
        let text = text_of(name, args);
        if let Some(relation) = self.relations.get(&text) {
            let alias = alias.clone();
            *factor = relation.clone();
            if let TableFactor::Table { alias: place, .. } | TableFactor::Derived { alias: place, .. } = factor {
                *place = alias.or(place.take());
            }
        } else {
            let args: Vec<Value> = args.iter().map(argument).collect();
            let call = json!({"name": last_word(name), "args": args});
            self.found.insert(text, call);
        }
        ControlFlow::Continue(())
    }
}

/// Recursive: planning threads only.
fn visit(
    state: &SessionState,
    session: &Session,
    sql: &str,
    relations: Map<String, Value>,
) -> Result<(Vec<Statement>, Calls)> {
    let mut calls = Calls::default();
    for (call, relation) in relations {
        let text = relation.as_str().unwrap_or_default();
        let parser = Parser::new(&GenericDialect {}).try_with_sql(text);
        let relation = parser.and_then(|mut parser| parser.parse_table_factor()).map_err(DataFusionError::from)?;
        calls.relations.insert(call, relation);
    }
    let mut statements = plan::parse(state, session, sql)?;
    for statement in &mut statements {
        let _ = walk(statement, &mut calls);
    }
    Ok((statements, calls))
}

/// Tells which tables SQL text calls, or writes relations in their place.
///
/// `relations_json` NULL: gives {"the call as written": {"name", "args": [{"name", "kind": "string|number|boolean|null|
/// other", "text"}]}}. Otherwise {"the call as written": "a relation in SQL"}: gives the text with those calls replaced.
/// PLAN: a syntax error. LIMIT: too long or deep.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_sql_calls(
    session: *const pne_session,
    sql: *const c_char,
    len: usize,
    relations_json: *const c_char,
    sink: pne_sink,
    ctx: *mut c_void,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        // SAFETY: the caller passes `len` readable bytes.
        let sql = unsafe { view::text_of(sql, len, "SQL text")? }.to_owned();
        let state = session.content.state(Space::Run);
        let inside = Arc::clone(&session.content);
        let engine = session.content.engine();
        let dialect = plan::dialect_line(&sql).map(|line| format!("{line}\n")).unwrap_or_default();
        // SAFETY: the caller passes NULL or NUL-terminated text.
        let relations = unsafe { view::json_object(relations_json, "relations")? };
        let (statements, calls) = engine.plan_job(None, move || visit(&state, &inside, &sql, relations))?;
        if relations_json.is_null() {
            // SAFETY: the caller passes a callable sink.
            return unsafe { view::emit_json(sink, ctx, Value::Object(calls.found)) };
        }
        let texts: Vec<String> = statements.iter().map(ToString::to_string).collect();
        // SAFETY: the caller passes a callable sink.
        unsafe { view::emit(sink, ctx, format!("{dialect}{}", texts.join("; ")).as_bytes()) }
    })
}
