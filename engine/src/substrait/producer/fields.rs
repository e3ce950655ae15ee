//! Fields of expressions, each made of the fields of its parts. The crate derives them anew at each level, and with
//! each a name as long as the expression is: in cubic time.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Column, DFSchema, DFSchemaRef};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Expr, ExprSchemable};

use super::Producer;

/// Where an expression lies that says its field when it is produced; None for others.
fn place(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::ScalarFunction(function) => Some(std::ptr::from_ref(function).addr()),
        Expr::BinaryExpr(binary) => Some(std::ptr::from_ref(binary).addr()),
        Expr::Not(_) | Expr::Negative(_) => Some(std::ptr::from_ref(expr).addr()),
        _ => None,
    }
}

impl Producer {
    /// Says the field of the expression at `place`, which was just produced.
    pub(super) fn say_field(&mut self, place: usize, kind: &DataType, nullable: bool) {
        self.last = Some((place, Arc::new(Field::new("", kind.clone(), nullable))));
    }

    /// The field of an expression that was produced last: what lies at its place now is itself.
    pub(super) fn field_of(&self, expr: &Expr, schema: &DFSchemaRef) -> DfResult<FieldRef> {
        match &self.last {
            Some((at, field)) if place(expr) == Some(*at) => Ok(Arc::clone(field)),
            _ => Ok(expr.to_field(schema)?.1),
        }
    }
}

/// Whether an argument is more than a column, so that its field is worth asking for once.
pub(super) fn is_nested(function: &ScalarFunction) -> bool {
    function.args.iter().any(|argument| place(argument).is_some())
}

/// The field of a call whose arguments have these fields: that of the call of columns and of the same literals.
pub(super) fn field_of_call(function: &ScalarFunction, fields: &[FieldRef]) -> DfResult<FieldRef> {
    let name = |i: usize| format!("c{i}");
    let columns = fields.iter().enumerate().map(|(i, field)| Arc::new(field.as_ref().clone().with_name(name(i))));
    let schema = DFSchema::from_unqualified_fields(columns.collect(), Default::default())?;
    let arguments = function.args.iter().enumerate().map(|(i, argument)| match argument {
        Expr::Literal(..) => argument.clone(),
        _ => Expr::Column(Column::new_unqualified(name(i))),
    });
    let call = ScalarFunction::new_udf(Arc::clone(&function.func), arguments.collect());
    Ok(Expr::ScalarFunction(call).to_field(&schema)?.1)
}
