//! What a statement says in other words is written out as soon as it is parsed: second names of functions, and items of
//! FROM that a pack's planner knows. Whatever looks at a statement later, policies and the search for tables among
//! them, sees what it really asks for.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::sql::parser::{CopyToSource, Statement};
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem, Statement as SqlStatement, TableAlias,
    TableFactor, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::Dialect;
use datafusion::sql::sqlparser::parser::Parser;

use crate::depth;
use crate::error::{Failure, Result, status};
use crate::planner::RelationPlanner;
use crate::session::Session;
use crate::sql_function::Renamed;
use crate::statement::word;

/// How many items of FROM planners may write out in one statement, and how deep in each other.
const MAX_PLANNED: usize = 1_000;
const MAX_DEPTH: usize = 32;

/// Rewrites the statement in place.
pub fn expand(statement: &mut Statement, session: &Session, dialect: &dyn Dialect) -> Result<()> {
    let renamed = session.definitions().renamed();
    let relations = session.planners().relations();
    if renamed.is_empty() && relations.is_empty() {
        return Ok(());
    }
    let mut expansion = Expansion { renamed, relations, dialect, planned: 0, nesting: Vec::new() };
    match walk(statement, &mut expansion) {
        ControlFlow::Break(failure) => Err(*failure),
        ControlFlow::Continue(()) => Ok(()),
    }
}

/// Visits what the parser's visitors know of a statement.
pub fn walk<V: VisitorMut>(statement: &mut Statement, visitor: &mut V) -> ControlFlow<V::Break> {
    match statement {
        Statement::Statement(inner) => VisitMut::visit(inner.as_mut(), visitor),
        Statement::Explain(explain) => walk(&mut explain.statement, visitor),
        Statement::CopyTo(copy) => match &mut copy.source {
            CopyToSource::Query(query) => VisitMut::visit(query.as_mut(), visitor),
            CopyToSource::Relation(_) => ControlFlow::Continue(()),
        },
        Statement::CreateExternalTable(_) | Statement::Reset(_) => ControlFlow::Continue(()),
    }
}

struct Expansion<'a> {
    renamed: HashMap<String, Renamed>,
    relations: Vec<Arc<RelationPlanner>>,
    dialect: &'a dyn Dialect,
    /// How many items were written out so far, and for each item we are in whether it was.
    planned: usize,
    nesting: Vec<bool>,
}

impl Expansion<'_> {
    /// The function that `name` stands for; None when it is no second name of that kind.
    fn target(&self, name: &ObjectName, is_table: bool) -> Option<ObjectName> {
        let [ObjectNamePart::Identifier(ident)] = name.0.as_slice() else { return None };
        let renamed = self.renamed.get(&word(ident)).filter(|renamed| renamed.is_table == is_table)?;
        Some(ObjectName::from(vec![Ident::new(&renamed.target)]))
    }

    fn rename_table(&self, factor: &mut TableFactor) {
        let (TableFactor::Table { name, alias, args: Some(_), .. } | TableFactor::Function { name, alias, .. }) =
            factor
        else {
            return;
        };
        if let Some(target) = self.target(name, true) {
            let called = std::mem::replace(name, target);
            if alias.is_none() {
                *alias = last_ident(&called).map(alias_of);
            }
        }
    }

    /// Asks the planners; the first that answers has it.
    fn plan_relation(&mut self, factor: &mut TableFactor) -> Result<bool> {
        if self.relations.is_empty() || !matches!(factor, TableFactor::Table { .. } | TableFactor::Function { .. }) {
            return Ok(false);
        }
        let mut bare = factor.clone();
        let (TableFactor::Table { name, alias, .. } | TableFactor::Function { name, alias, .. }) = &mut bare else {
            return Ok(false);
        };
        let alias = alias.take().or_else(|| last_ident(name).map(alias_of));
        let text = bare.to_string();
        for planner in &self.relations {
            let Some(sql) = planner.ask(&text)? else { continue };
            self.planned += 1;
            if self.planned > MAX_PLANNED || self.nesting.iter().filter(|planned| **planned).count() >= MAX_DEPTH {
                let why = format!("writes '{text}' out without an end");
                return Err(planner.failure(status::LIMIT, &why));
            }
            depth::check(&sql, self.dialect).map_err(|deep| {
                planner.failure(deep.status, &format!("gave no query for '{text}': {}", deep.message))
            })?;
            let subquery = self.parse(&sql).map_err(|why| {
                planner.failure(status::PLAN, &format!("gave no query for '{text}': {why}")).with_detail(sql.clone())
            })?;
            *factor = TableFactor::Derived { lateral: false, subquery, alias, sample: None };
            return Ok(true);
        }
        Ok(false)
    }

    fn parse(&self, sql: &str) -> std::result::Result<Box<Query>, String> {
        let mut statements = Parser::parse_sql(self.dialect, sql).map_err(|error| error.to_string())?;
        match (statements.pop(), statements.is_empty()) {
            (Some(SqlStatement::Query(query)), true) => Ok(query),
            _ => Err("it is not one query".to_owned()),
        }
    }
}

fn last_ident(name: &ObjectName) -> Option<Ident> {
    name.0.last().and_then(ObjectNamePart::as_ident).cloned()
}

fn alias_of(name: Ident) -> TableAlias {
    TableAlias { explicit: true, name, columns: Vec::new(), at: None }
}

impl VisitorMut for Expansion<'_> {
    type Break = Box<Failure>;

    /// A column that nobody named keeps the name it was called by.
    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Self::Break> {
        for item in &mut select.projection {
            if let SelectItem::UnnamedExpr(expr @ Expr::Function(_)) = item
                && let Expr::Function(function) = &*expr
                && self.target(&function.name, false).is_some()
            {
                let alias = Ident::with_quote('"', expr.to_string());
                *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        if let Expr::Function(function) = expr
            && let Some(target) = self.target(&function.name, false)
        {
            function.name = target;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Self::Break> {
        self.rename_table(factor);
        match self.plan_relation(factor) {
            Ok(planned) => self.nesting.push(planned),
            Err(failure) => return ControlFlow::Break(Box::new(failure)),
        }
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, _factor: &mut TableFactor) -> ControlFlow<Self::Break> {
        self.nesting.pop();
        ControlFlow::Continue(())
    }
}
