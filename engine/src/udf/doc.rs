//! What people read about a function.

use std::ffi::c_char;

use datafusion::logical_expr::{DocSection, Documentation};

use super::declaration::texts;
use crate::error::Result;
use crate::plugin::pn_udf;
use crate::view;

/// NULL gives None.
///
/// # Safety
/// `text` is NULL or text of a pack, which lives as long as the process.
unsafe fn optional(text: *const c_char) -> Result<Option<&'static str>> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    Ok(Some(unsafe { view::text(text, "text in a documentation")? }))
}

/// Reads the documentation of a function; without one its description is all there is.
///
/// # Safety
/// As for Declaration::read; `names` are its arguments' names.
pub unsafe fn read(row: &pn_udf, name: &str, names: &[String]) -> Result<Option<Documentation>> {
    // SAFETY: the caller's promise, here and below.
    let description = unsafe { optional(row.description)? }.unwrap_or_default();
    // SAFETY: as above.
    let Some(doc) = (unsafe { row.doc.as_ref() }) else {
        if description.is_empty() {
            return Ok(None);
        }
        let section = DocSection { include: false, label: "Packs", description: None };
        return Ok(Some(Documentation::builder(section, description, format!("{name}({})", names.join(", "))).build()));
    };
    // SAFETY: as above.
    let label = unsafe { optional(doc.section)? }.unwrap_or("Packs");
    // SAFETY: as above.
    let syntax = unsafe { optional(doc.syntax)? };
    let syntax = syntax.map_or_else(|| format!("{name}({})", names.join(", ")), str::to_owned);
    let section = DocSection { include: true, label, description: None };
    let mut made = Documentation::builder(section, description, syntax);
    // SAFETY: as above.
    if let Some(example) = unsafe { optional(doc.sql_example)? } {
        made = made.with_sql_example(example);
    }
    // SAFETY: as above.
    if let Some(other) = unsafe { optional(doc.alternative_syntax)? } {
        made = made.with_alternative_syntax(other);
    }
    if !doc.arg_descriptions.is_null() {
        // SAFETY: one text per name.
        for (name, text) in names.iter().zip(unsafe { texts(doc.arg_descriptions, Some(names.len()))? }) {
            made = made.with_argument(name, text);
        }
    }
    // SAFETY: the list ends with NULL.
    for related in unsafe { texts(doc.related, None)? } {
        made = made.with_related_udf(related);
    }
    Ok(Some(made.build()))
}
