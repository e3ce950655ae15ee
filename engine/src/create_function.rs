//! CREATE FUNCTION and DROP FUNCTION taken apart: what C decides on, as JSON. No body is planned here.
//!
//! A body is an expression (`RETURN …`) or a source text (`AS '…'`). A source text may be the name of a function, an
//! expression or `SELECT` of one; what is none of these is for a pack's language and kept as it is. In an expression
//! the arguments become `$1 … $n`, however they were written, so that the text of a function is the same for all ways
//! to write it.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    ArgMode, CreateFunction, CreateFunctionBody, DataType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, FunctionBehavior, FunctionReturnType, GroupByExpr, ObjectName, Query, SelectItem, SetExpr,
    Statement as SqlStatement, Value as SqlValue, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;
use serde_json::{Value, json};

use crate::depth;
use crate::error::{Failure, Result, status};
use crate::statement::word;

/// The request of a statement about functions, and what of it is still to be planned for the types it names; None for
/// every other statement.
pub fn take_apart(statement: &Statement) -> Result<Option<(Value, Option<Statement>)>> {
    let Statement::Statement(inner) = statement else { return Ok(None) };
    match inner.as_ref() {
        SqlStatement::CreateFunction(create) => {
            let request = describe_create(create)?;
            let mut types = create.clone();
            types.function_body = None;
            if let Some(FunctionReturnType::SetOf(_)) = types.return_type {
                types.return_type = None;
            }
            let types = Statement::Statement(Box::new(SqlStatement::CreateFunction(types)));
            Ok(Some((request, Some(types))))
        }
        SqlStatement::DropFunction(drop) => {
            let names = drop.func_desc.iter().map(|desc| one_part(&desc.name)).collect::<Result<Vec<_>>>()?;
            let typed = drop.func_desc.iter().any(|desc| desc.args.is_some());
            let request = json!({
                "kind": "drop_function", "names": names, "if_exists": drop.if_exists, "typed": typed,
                "cascade": drop.drop_behavior.map(|behavior| behavior.to_string()),
            });
            Ok(Some((request, None)))
        }
        _ => Ok(None),
    }
}

fn one_part(name: &ObjectName) -> Result<String> {
    let ident = name.0.first().filter(|_| name.0.len() == 1).and_then(|part| part.as_ident());
    ident.map(word).ok_or_else(|| {
        Failure::new(status::UNSUPPORTED, format!("function '{name}' is named with a catalog or schema in front"))
            .with_hint("names have one part: write the last one alone")
    })
}

fn describe_create(create: &CreateFunction) -> Result<Value> {
    let mut clauses = clauses_of(create);
    let args = create.args.as_deref().unwrap_or_default();
    let names: Vec<Option<String>> = args.iter().map(|arg| arg.name.as_ref().map(argument_name)).collect();
    let described: Vec<Value> = args
        .iter()
        .zip(&names)
        .map(|(arg, name)| {
            let default = arg.default_expr.as_ref();
            json!({
                "name": name,
                "type": arg.data_type.to_string(),
                "default": default.map(Expr::to_string),
                "is_constant": default.is_some_and(is_constant),
            })
        })
        .collect();
    let returns = match &create.return_type {
        Some(FunctionReturnType::DataType(kind)) => Some(kind),
        Some(FunctionReturnType::SetOf(kind)) => {
            clauses.push(format!("RETURNS SETOF {kind}"));
            None
        }
        None => None,
    };
    let behavior = create.behavior.as_ref().map(|behavior| match behavior {
        FunctionBehavior::Immutable => "immutable",
        FunctionBehavior::Stable => "stable",
        FunctionBehavior::Volatile => "volatile",
    });
    Ok(json!({
        "kind": "create_function",
        "name": one_part(&create.name)?,
        "or_replace": create.or_replace,
        "if_not_exists": create.if_not_exists,
        "language": create.language.as_ref().map(|language| language.value.to_lowercase()),
        "volatility": behavior,
        "args": described,
        "returns": returns.map(DataType::to_string),
        "clauses": clauses,
        "body": body_of(create, &names)?,
    }))
}

/// Made of literals and operators alone.
fn is_constant(expr: &Expr) -> bool {
    let mut parts = Body::default();
    let _ = VisitMut::visit(&mut expr.clone(), &mut parts);
    !parts.has_query && parts.calls.is_empty() && parts.columns.is_empty() && parts.placeholders.is_empty()
}

/// The parser takes the word as it was written, quotes and all.
fn argument_name(ident: &datafusion::sql::sqlparser::ast::Ident) -> String {
    match ident.value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.to_owned(),
        None => word(ident),
    }
}

/// What the statement says and nothing here would keep.
fn clauses_of(create: &CreateFunction) -> Vec<String> {
    let mut found = Vec::new();
    let mut add = |is_there: bool, text: &str| {
        if is_there {
            found.push(text.to_owned());
        }
    };
    add(create.or_alter, "OR ALTER");
    add(create.called_on_null.is_some(), "ON NULL INPUT or STRICT");
    add(create.parallel.is_some(), "PARALLEL");
    add(create.security.is_some(), "SECURITY");
    add(!create.set_params.is_empty(), "SET");
    add(create.using.is_some(), "USING");
    add(create.determinism_specifier.is_some(), "DETERMINISTIC");
    add(create.options.is_some(), "OPTIONS");
    add(create.remote_connection.is_some(), "REMOTE");
    for arg in create.args.iter().flatten() {
        let is_in = matches!(arg.mode, None | Some(ArgMode::In));
        add(!is_in, "an OUT, INOUT or VARIADIC argument");
    }
    found
}

fn body_of(create: &CreateFunction, names: &[Option<String>]) -> Result<Value> {
    let (expr, source) = match &create.function_body {
        None => return Ok(Value::Null),
        Some(CreateFunctionBody::Return(expr)) => (Ok(expr.clone()), None),
        Some(
            CreateFunctionBody::AsBeforeOptions { body, link_symbol: None } | CreateFunctionBody::AsAfterOptions(body),
        ) => match source_text(body) {
            Some(source) => (expression_of(&source), Some(source)),
            None => (Ok(body.clone()), None),
        },
        Some(_) => return Ok(json!({"error": "it is neither RETURN expression nor AS 'text'"})),
    };
    Ok(match expr {
        Ok(expr) => describe_body(expr, source, names),
        Err(why) => json!({"source": source, "error": why}),
    })
}

fn source_text(body: &Expr) -> Option<String> {
    match body {
        Expr::Value(value) => match &value.value {
            SqlValue::SingleQuotedString(text) => Some(text.clone()),
            SqlValue::DollarQuotedString(text) => Some(text.value.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// An expression, or the one a SELECT without anything else gives.
fn expression_of(source: &str) -> std::result::Result<Expr, String> {
    // For the statement the source was one text, however deep it nests.
    depth::check(source, &GenericDialect {}).map_err(|failure| failure.message)?;
    let parse = |sql: &str| {
        let mut parser = Parser::new(&GenericDialect {}).try_with_sql(sql)?;
        let expr = match parser.peek_token().token {
            Token::Word(first) if first.value.eq_ignore_ascii_case("select") => Expr::Subquery(parser.parse_query()?),
            _ => parser.parse_expr()?,
        };
        let _ = parser.consume_token(&Token::SemiColon);
        parser.expect_token(&Token::EOF)?;
        Ok(expr)
    };
    let parsed: std::result::Result<Expr, datafusion::sql::sqlparser::parser::ParserError> = parse(source);
    match parsed.map_err(|error| error.to_string())? {
        Expr::Subquery(query) => Ok(selected(&query).unwrap_or(Expr::Subquery(query))),
        expr => Ok(expr),
    }
}

fn selected(query: &Query) -> Option<Expr> {
    let plain =
        query.with.is_none() && query.order_by.is_none() && query.limit_clause.is_none() && query.fetch.is_none();
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    let ungrouped =
        matches!(&select.group_by, GroupByExpr::Expressions(by, modifiers) if by.is_empty() && modifiers.is_empty());
    let bare = select.from.is_empty()
        && select.selection.is_none()
        && select.having.is_none()
        && ungrouped
        && select.distinct.is_none()
        && select.qualify.is_none()
        && select.into.is_none();
    match select.projection.as_slice() {
        [SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }] if plain && bare => Some(expr.clone()),
        _ => None,
    }
}

fn describe_body(mut expr: Expr, source: Option<String>, names: &[Option<String>]) -> Value {
    // A name alone is a function when the text is no expression over the arguments.
    let name = match &expr {
        Expr::Identifier(ident) if source.is_some() => {
            Some(word(ident)).filter(|name| !names.contains(&Some(name.clone())))
        }
        _ => None,
    };
    let mut parts = Body { names, ..Body::default() };
    let _ = VisitMut::visit(&mut expr, &mut parts);
    let call = match &expr {
        Expr::Function(function) => json!({
            "name": function_name(function),
            "is_plain": is_plain(function, names.len()),
        }),
        _ => Value::Null,
    };
    json!({
        "source": source,
        "text": expr.to_string(),
        "name": name,
        "call": call,
        "calls": parts.calls,
        "columns": parts.columns,
        "placeholders": parts.placeholders,
        "has_query": parts.has_query,
    })
}

fn function_name(function: &Function) -> Option<String> {
    one_part(&function.name).ok()
}

/// A call whose arguments are `$1 … $n` and that says nothing more.
fn is_plain(function: &Function, n: usize) -> bool {
    let bare = function.over.is_none()
        && function.filter.is_none()
        && function.null_treatment.is_none()
        && function.within_group.is_empty()
        && function.parameters == FunctionArguments::None;
    let FunctionArguments::List(list) = &function.args else { return false };
    let is_argument = |(i, arg): (usize, &FunctionArg)| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value))) => {
            matches!(&value.value, SqlValue::Placeholder(id) if *id == format!("${}", i + 1))
        }
        _ => false,
    };
    bare && list.duplicate_treatment.is_none()
        && list.clauses.is_empty()
        && list.args.len() == n
        && list.args.iter().enumerate().all(is_argument)
}

/// What a body is made of; its arguments are rewritten to `$n` on the way.
#[derive(Default)]
struct Body<'a> {
    names: &'a [Option<String>],
    calls: BTreeSet<String>,
    columns: BTreeSet<String>,
    placeholders: BTreeSet<String>,
    has_query: bool,
}

impl Body<'_> {
    fn position(&self, name: &str) -> Option<String> {
        let at = self.names.iter().position(|other| other.as_deref() == Some(name))?;
        Some(format!("${}", at + 1))
    }
}

impl VisitorMut for Body<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &mut Query) -> ControlFlow<()> {
        self.has_query = true;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(ident) => match self.position(&word(ident)) {
                Some(place) => *expr = Expr::value(SqlValue::Placeholder(place)),
                None => {
                    self.columns.insert(word(ident));
                }
            },
            Expr::CompoundIdentifier(parts) => {
                let name: Vec<String> = parts.iter().map(word).collect();
                self.columns.insert(name.join("."));
            }
            Expr::Function(function) => {
                let name = function_name(function).unwrap_or_else(|| function.name.to_string());
                self.calls.insert(name);
            }
            _ => {}
        }
        if let Expr::Value(value) = expr
            && let SqlValue::Placeholder(id) = &mut value.value
        {
            if let Some(place) = id.strip_prefix('$').and_then(|name| self.position(&name.to_lowercase())) {
                *id = place;
            }
            self.placeholders.insert(id.clone());
        }
        ControlFlow::Continue(())
    }
}
