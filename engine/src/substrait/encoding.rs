//! The words both sides share: names of functions, options and extension relations, and how values are spelled.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::metadata::FieldMetadata;
use datafusion::logical_expr::expr::NullTreatment;
use datafusion::scalar::ScalarValue;
use serde_json::{Map, Value};

use crate::error::{Failure, Result, status};

/// cast(value, 'arrow type')
pub const CAST: &str = "pinion_cast";
/// try_cast(value, 'arrow type')
pub const TRY_CAST: &str = "pinion_try_cast";
/// literal(stored value, 'arrow type', 'metadata as JSON')
pub const LITERAL: &str = "pinion_literal";
/// with_metadata(value, 'metadata as JSON')
pub const WITH_METADATA: &str = "pinion_with_metadata";
/// filter_window(window function, condition)
pub const FILTER_WINDOW: &str = "pinion_filter_window";
/// Option of aggregate and window functions: IGNORE_NULLS or RESPECT_NULLS.
pub const NULL_TREATMENT: &str = "pinion_null_treatment";
/// Option of window functions: units, start, end.
pub const FRAME: &str = "pinion_frame";
/// type_url of the extension relation for unnest.
pub const UNNEST: &str = "pinion:unnest";
/// type_url of the extension relation for recursive queries; its inputs are the first rows and the step.
pub const RECURSION: &str = "pinion:recursion";
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

/// Whether values and casts of this type come back as they went in through Substrait's own words.
pub fn is_exact(kind: &DataType) -> bool {
    match kind {
        DataType::Boolean | DataType::Float32 | DataType::Float64 => true,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => true,
        DataType::Date32 | DataType::Decimal128(..) => true,
        DataType::Timestamp(TimeUnit::Second, _) => false,
        DataType::Timestamp(_, zone) => zone.as_deref().is_none_or(|zone| zone == "UTC"),
        DataType::Interval(_) => true,
        other => other.is_integer(),
    }
}

/// The type as text that `type_of` reads back; None when it does not come back the same.
pub fn type_name(kind: &DataType) -> Option<String> {
    let name = kind.to_string();
    (name.parse::<DataType>().ok()? == *kind).then_some(name)
}

pub fn type_of(name: &str) -> Result<DataType> {
    name.parse().map_err(|e| corrupt(format!("unknown type '{name}' in a Substrait plan: {e}")))
}

/// A value that Substrait can hold and that casts back to `value`; None when there is none.
pub fn stored(value: &ScalarValue) -> Option<ScalarValue> {
    let kind = value.data_type();
    if value.is_null() {
        return Some(ScalarValue::Boolean(None));
    }
    let candidates = [DataType::Int64, DataType::Int32, DataType::Utf8, DataType::Binary];
    candidates.iter().find_map(|candidate| {
        let stored = value.cast_to(candidate).ok().filter(|stored| !stored.is_null())?;
        (stored.cast_to(&kind).ok()? == *value).then_some(stored)
    })
}

/// The value that `stored` stands for.
pub fn restored(stored: &ScalarValue, kind: &DataType) -> Result<ScalarValue> {
    let value = if stored.is_null() { ScalarValue::try_from(kind) } else { stored.cast_to(kind) };
    Ok(value?)
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
