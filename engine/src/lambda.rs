//! Lambdas and the operator `->` are one sign, and the dialect of a text says which of the two it is. This tells where a
//! text means the other one.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::execution::context::SessionState;
use datafusion::sql::parser::{CopyToSource, Statement};
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectNamePart, Visit, Visitor,
};

use crate::statement::word;

pub struct Lambdas<'a> {
    state: &'a SessionState,
    all: BTreeSet<String>,
    taken: BTreeSet<String>,
    /// What stands where a function takes a lambda and is the operator in this dialect.
    pub operators: BTreeSet<String>,
}

impl<'a> Lambdas<'a> {
    pub fn new(state: &'a SessionState) -> Self {
        Lambdas { state, all: BTreeSet::new(), taken: BTreeSet::new(), operators: BTreeSet::new() }
    }

    pub fn visit(&mut self, statement: &Statement) {
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

    /// Lambdas that no function takes.
    pub fn stray(&self) -> Vec<&String> {
        self.all.difference(&self.taken).collect()
    }
}

/// `x -> …` and `(x, y) -> …` as an operator.
fn is_arrow(expr: &Expr) -> bool {
    let Expr::BinaryOp { left, op: BinaryOperator::Arrow, .. } = expr else { return false };
    matches!(left.as_ref(), Expr::Identifier(_) | Expr::Tuple(_) | Expr::Nested(_))
}

impl Visitor for Lambdas<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::Lambda(lambda) = expr {
            self.all.insert(lambda.to_string());
        }
        let Expr::Function(function) = expr else { return ControlFlow::Continue(()) };
        let name = function.name.0.last().and_then(ObjectNamePart::as_ident).map(word);
        let takes_lambdas = name.is_some_and(|name| self.state.higher_order_functions().contains_key(&name));
        let FunctionArguments::List(list) = &function.args else { return ControlFlow::Continue(()) };
        for arg in list.args.iter().filter(|_| takes_lambdas) {
            let FunctionArg::Unnamed(FunctionArgExpr::Expr(arg)) = arg else { continue };
            if let Expr::Lambda(lambda) = arg {
                self.taken.insert(lambda.to_string());
            } else if is_arrow(arg) {
                self.operators.insert(arg.to_string());
            }
        }
        ControlFlow::Continue(())
    }
}
