//! Names: a plan has them everywhere, Substrait at its ends only.

use std::collections::HashSet;

use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::logical_expr::Expr;

/// Substrait names the fields of structs depth first; lists and maps have no names of their own.
pub fn flatten_names(field: &Field, named: bool, names: &mut Vec<String>) {
    if named {
        names.push(field.name().clone());
    }
    match field.data_type() {
        DataType::Struct(fields) => fields.iter().for_each(|field| flatten_names(field, true, names)),
        DataType::List(item) | DataType::LargeList(item) => flatten_names(item, false, names),
        DataType::Map(entries, _) => {
            if let DataType::Struct(pair) = entries.data_type() {
                pair.iter().for_each(|field| flatten_names(field, false, names));
            }
        }
        _ => {}
    }
}

/// Group keys and aggregates share one namespace in a plan; Substrait has no names there.
#[derive(Default)]
pub struct UniqueNames(HashSet<String>);

impl UniqueNames {
    /// The expression, renamed when its name is taken.
    pub fn make_unique(&mut self, expr: Expr) -> Expr {
        let (_, name) = expr.qualified_name();
        if self.0.insert(name.clone()) {
            return expr;
        }
        let mut n = 1;
        while !self.0.insert(format!("{name}__{n}")) {
            n += 1;
        }
        expr.alias(format!("{name}__{n}"))
    }
}
