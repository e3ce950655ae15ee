//! Filters of the form `column op value`, which is all that packs see of a condition.

use datafusion::arrow::array::Array;
use datafusion::arrow::datatypes::{Field, SchemaRef};
use datafusion::arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, Operator};

use crate::error::Result;
use crate::plugin_table::{
    FILTER_EQ, FILTER_GE, FILTER_GT, FILTER_IS_NOT_NULL, FILTER_IS_NULL, FILTER_LE, FILTER_LT, FILTER_NE, pn_filter,
};

#[derive(Debug, Clone)]
pub struct Filter {
    column: u32,
    op: i32,
    value: Option<ScalarValue>,
}

fn word(op: Operator) -> Option<i32> {
    match op {
        Operator::Eq => Some(FILTER_EQ),
        Operator::NotEq => Some(FILTER_NE),
        Operator::Lt => Some(FILTER_LT),
        Operator::LtEq => Some(FILTER_LE),
        Operator::Gt => Some(FILTER_GT),
        Operator::GtEq => Some(FILTER_GE),
        _ => None,
    }
}

impl Filter {
    /// None: the condition is not of the form.
    pub fn of(expr: &Expr, schema: &SchemaRef) -> Option<Self> {
        let position = |expr: &Expr| match expr {
            Expr::Column(column) => schema.index_of(&column.name).ok(),
            _ => None,
        };
        match expr {
            Expr::IsNull(inner) => Some(Filter { column: position(inner)? as u32, op: FILTER_IS_NULL, value: None }),
            Expr::IsNotNull(inner) => {
                Some(Filter { column: position(inner)? as u32, op: FILTER_IS_NOT_NULL, value: None })
            }
            Expr::BinaryExpr(binary) => {
                let (column, op, value) = match (&*binary.left, &*binary.right) {
                    (column @ Expr::Column(_), Expr::Literal(value, _)) => (column, binary.op, value),
                    (Expr::Literal(value, _), column @ Expr::Column(_)) => (column, binary.op.swap()?, value),
                    _ => return None,
                };
                let (column, op) = (position(column)?, word(op)?);
                // After coercion the types agree; where they do not, the comparison is not the pack's to make.
                let same = value.data_type() == *schema.field(column).data_type();
                (same && !value.is_null()).then(|| Filter { column: column as u32, op, value: Some(value.clone()) })
            }
            _ => None,
        }
    }

    pub fn export(&self) -> Result<Exported> {
        let Some(value) = &self.value else {
            return Ok(Exported { column: self.column, op: self.op, value: None });
        };
        let array = value.to_array_of_size(1)?;
        let kind = FFI_ArrowSchema::try_from(&Field::new("", value.data_type(), true))?;
        let value = Some((kind, FFI_ArrowArray::new(&array.to_data())));
        Ok(Exported { column: self.column, op: self.op, value })
    }
}

/// A filter as C sees it, valid as long as this.
pub struct Exported {
    column: u32,
    op: i32,
    value: Option<(FFI_ArrowSchema, FFI_ArrowArray)>,
}

impl Exported {
    pub fn filter(&self) -> pn_filter {
        let (kind, value) = match &self.value {
            Some((kind, value)) => (std::ptr::from_ref(kind), std::ptr::from_ref(value)),
            None => (std::ptr::null(), std::ptr::null()),
        };
        pn_filter {
            struct_size: size_of::<pn_filter>() as u32,
            column: self.column,
            op: self.op,
            reserved: 0,
            kind,
            value,
        }
    }
}
