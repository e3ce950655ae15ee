//! What a statement says in other words is written out as soon as it is parsed: second names of functions. Whatever
//! looks at a statement later, policies and the search for tables among them, sees what it really asks for.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::parser::{CopyToSource, Statement};
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectName, ObjectNamePart, Select, SelectItem, TableAlias, TableFactor, VisitMut, VisitorMut,
};

use crate::error::{Failure, Result};
use crate::sql_function::{Definitions, Renamed};
use crate::statement::word;

/// Rewrites the statement in place.
pub fn expand(statement: &mut Statement, definitions: &Definitions) -> Result<()> {
    let renamed = definitions.renamed();
    if renamed.is_empty() {
        return Ok(());
    }
    let mut expansion = Expansion { renamed };
    match walk(statement, &mut expansion) {
        ControlFlow::Break(failure) => Err(*failure),
        ControlFlow::Continue(()) => Ok(()),
    }
}

fn walk(statement: &mut Statement, expansion: &mut Expansion) -> ControlFlow<Box<Failure>> {
    match statement {
        Statement::Statement(inner) => VisitMut::visit(inner.as_mut(), expansion),
        Statement::Explain(explain) => walk(&mut explain.statement, expansion),
        Statement::CopyTo(copy) => match &mut copy.source {
            CopyToSource::Query(query) => VisitMut::visit(query.as_mut(), expansion),
            CopyToSource::Relation(_) => ControlFlow::Continue(()),
        },
        Statement::CreateExternalTable(_) | Statement::Reset(_) => ControlFlow::Continue(()),
    }
}

struct Expansion {
    renamed: HashMap<String, Renamed>,
}

impl Expansion {
    /// The function that `name` stands for; None when it is no second name of that kind.
    fn target(&self, name: &ObjectName, is_table: bool) -> Option<ObjectName> {
        let [ObjectNamePart::Identifier(ident)] = name.0.as_slice() else { return None };
        let renamed = self.renamed.get(&word(ident)).filter(|renamed| renamed.is_table == is_table)?;
        Some(ObjectName::from(vec![Ident::new(&renamed.target)]))
    }
}

impl VisitorMut for Expansion {
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
        let (name, alias) = match factor {
            TableFactor::Table { name, alias, args: Some(_), .. } | TableFactor::Function { name, alias, .. } => {
                (name, alias)
            }
            _ => return ControlFlow::Continue(()),
        };
        if let Some(target) = self.target(name, true) {
            let called = std::mem::replace(name, target);
            if let (None, Some(ident)) = (&alias, called.0.last().and_then(ObjectNamePart::as_ident)) {
                *alias = Some(TableAlias { explicit: true, name: ident.clone(), columns: Vec::new(), at: None });
            }
        }
        ControlFlow::Continue(())
    }
}
