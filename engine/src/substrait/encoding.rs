//! The words both sides share: names of functions, options and extension relations, and how values are spelled.

use datafusion::common::metadata::FieldMetadata;
use datafusion::logical_expr::Operator;
use datafusion::logical_expr::expr::NullTreatment;
use serde_json::{Map, Value};

use crate::error::{Failure, Result, status};

/// cast(value, 'arrow type', 'metadata as JSON' when there is some)
pub const CAST: &str = "pinion_cast";
/// try_cast(value, 'arrow type')
pub const TRY_CAST: &str = "pinion_try_cast";
/// literal(stored value, 'arrow type', 'metadata as JSON')
pub const LITERAL: &str = "pinion_literal";
/// with_metadata(value, 'metadata as JSON')
pub const WITH_METADATA: &str = "pinion_with_metadata";
/// filter_window(window function, condition)
pub const FILTER_WINDOW: &str = "pinion_filter_window";
/// similar_to(value, pattern, 'escape character or nothing')
pub const SIMILAR_TO: &str = "pinion_similar_to";
/// operator(left, right, 'operator')
pub const OPERATOR: &str = "pinion_operator";
/// The operators that are spelled so: the crate reads them back as LIKE.
pub const OWN_OPERATORS: [(Operator, &str); 4] = [
    (Operator::LikeMatch, "~~"),
    (Operator::ILikeMatch, "~~*"),
    (Operator::NotLikeMatch, "!~~"),
    (Operator::NotILikeMatch, "!~~*"),
];
/// parameter('name', 'arrow type or nothing')
pub const PARAMETER: &str = "pinion_parameter";
/// Option of aggregate and window functions: IGNORE_NULLS or RESPECT_NULLS.
pub const NULL_TREATMENT: &str = "pinion_null_treatment";
/// Option of window functions: units, start, end.
pub const FRAME: &str = "pinion_frame";
/// type_url of the extension relation for unnest.
pub const UNNEST: &str = "pinion:unnest";
/// type_url of the extension relation for recursive queries; its inputs are the first rows and the step.
pub const RECURSION: &str = "pinion:recursion";
/// type_url of the extension relation for a table function; its input is one row of the arguments.
pub const TABLE_FUNCTION: &str = "pinion:table_function";
/// type_url of the enhancement with the exact types of a table of values.
pub const TYPES: &str = "pinion:types";
/// type_url of the enhancement that tells one grouping set from plain grouping.
pub const GROUPING_SET: &str = "pinion:grouping_set";
/// type_url of the enhancement that marks a null-aware join.
pub const NULL_AWARE: &str = "pinion:null_aware";

pub fn unsupported(why: impl Into<String>) -> Failure {
    Failure::new(status::UNSUPPORTED, why)
        .with_hint("rewrite the query without it; what cannot be represented in Substrait is refused, not dropped")
}

pub fn corrupt(why: impl Into<String>) -> Failure {
    Failure::new(status::CORRUPT, why)
}

pub fn null_treatment_name(treatment: NullTreatment) -> &'static str {
    match treatment {
        NullTreatment::IgnoreNulls => "IGNORE_NULLS",
        NullTreatment::RespectNulls => "RESPECT_NULLS",
    }
}

pub fn null_treatment_of(name: &str) -> Result<NullTreatment> {
    match name {
        "IGNORE_NULLS" => Ok(NullTreatment::IgnoreNulls),
        "RESPECT_NULLS" => Ok(NullTreatment::RespectNulls),
        other => Err(corrupt(format!("unknown null treatment '{other}' in a Substrait plan"))),
    }
}

/// Metadata as JSON with sorted keys.
pub fn metadata_text(metadata: &FieldMetadata) -> String {
    let pairs = metadata.inner().iter().map(|(k, v)| (k.clone(), Value::String(v.clone())));
    Value::Object(pairs.collect::<Map<String, Value>>()).to_string()
}

pub fn metadata_of(text: &str) -> Result<FieldMetadata> {
    let pairs: std::collections::BTreeMap<String, String> =
        serde_json::from_str(text).map_err(|e| corrupt(format!("metadata in a Substrait plan is damaged: {e}")))?;
    Ok(FieldMetadata::new(pairs))
}
