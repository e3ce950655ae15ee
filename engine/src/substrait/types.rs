//! Types and values that Substrait has no word for: their nearest word, and their exact text.

use std::sync::Arc;

use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::scalar::ScalarValue;

use super::encoding::{corrupt, unsupported};
use crate::error::Result;

/// What stands before the Arrow IPC bytes of a type whose text does not say all of it.
const IPC: &str = "ipc:";

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

/// Whether a literal of this type may be written in Substrait's own words.
pub fn is_exact_value(value: &ScalarValue) -> bool {
    match value {
        // The canonical form has no texts with NUL.
        ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)) => {
            !text.contains('\0')
        }
        ScalarValue::Null => true,
        ScalarValue::List(list) => !list.is_null(0) && is_exact_list(&value.data_type()),
        other => is_exact(&other.data_type()),
    }
}

/// A list of nullable numbers or truths; texts may hold NUL.
fn is_exact_list(kind: &DataType) -> bool {
    let DataType::List(item) = kind else { return false };
    let plain = **item == Field::new_list_field(item.data_type().clone(), true);
    plain
        && (item.data_type().is_numeric() || matches!(item.data_type(), DataType::Boolean))
        && is_exact(item.data_type())
}

/// Whether a column declared with this type's word comes back with the type.
pub fn is_exact_column(kind: &DataType) -> bool {
    is_exact(kind) || matches!(kind, DataType::Null)
}

/// The nearest type that Substrait has a word for. The exact type is that of the registered table, of the function's
/// own rules, or stands beside.
pub fn spelled(kind: &DataType) -> DataType {
    match kind {
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        DataType::FixedSizeList(item, _) | DataType::ListView(item) | DataType::LargeListView(item) => {
            DataType::List(spelled_field(item))
        }
        DataType::List(item) => DataType::List(spelled_field(item)),
        DataType::LargeList(item) => DataType::LargeList(spelled_field(item)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(spelled_field).collect()),
        DataType::Map(entries, sorted) => DataType::Map(spelled_field(entries), *sorted),
        DataType::Dictionary(key, value) => DataType::Dictionary(key.clone(), Box::new(spelled(value))),
        DataType::RunEndEncoded(_, values) => spelled(values.data_type()),
        DataType::Union(..) => DataType::Binary,
        other => other.clone(),
    }
}

fn spelled_field(field: &FieldRef) -> FieldRef {
    Arc::new(field.as_ref().clone().with_data_type(spelled(field.data_type())))
}

pub fn spelled_fields(fields: &Fields) -> Fields {
    fields.iter().map(spelled_field).collect()
}

/// The type as text that `type_of` reads back.
pub fn type_text(kind: &DataType) -> Result<String> {
    let name = kind.to_string();
    if name.parse::<DataType>().is_ok_and(|parsed| parsed == *kind) {
        return Ok(name);
    }
    let bytes = ipc_of(kind, None)?;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{IPC}{hex}"))
}

pub fn type_of(name: &str) -> Result<DataType> {
    let Some(hex) = name.strip_prefix(IPC) else {
        return name.parse().map_err(|e| corrupt(format!("unknown type '{name}' in a Substrait plan: {e}")));
    };
    let bytes = from_hex(hex).ok_or_else(|| corrupt("a type in a Substrait plan is damaged"))?;
    let (schema, _) = read_ipc(&bytes)?;
    Ok(schema.field(0).data_type().clone())
}

pub fn from_hex(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// A value that Substrait can hold and that stands for `value`: one that casts back to it, else the bytes of an Arrow
/// stream of one row.
pub fn stored(value: &ScalarValue) -> Result<ScalarValue> {
    match value {
        value if value.is_null() => return Ok(ScalarValue::Boolean(None)),
        // Binary stands for Arrow bytes.
        ScalarValue::Dictionary(_, inner) if is_exact_value(inner) && !matches!(**inner, ScalarValue::Binary(_)) => {
            return Ok(inner.as_ref().clone());
        }
        ScalarValue::Dictionary(_, inner) => return stored(inner),
        _ => {}
    }
    let kind = value.data_type();
    let candidates = [DataType::Int64, DataType::Int32, DataType::Utf8];
    let scalar = candidates.iter().find_map(|candidate| {
        let stored = value.cast_to(candidate).ok().filter(|stored| !stored.is_null() && is_exact_value(stored))?;
        (stored.cast_to(&kind).ok()? == *value).then_some(stored)
    });
    match scalar {
        Some(stored) if !kind.is_nested() => Ok(stored),
        _ => {
            let bytes = ipc_of(&kind, Some(value))?;
            let (_, found) = read_ipc(&bytes)?;
            if found.as_ref() != Some(value) {
                return Err(unsupported(format!("cannot represent a literal of type {kind}")));
            }
            Ok(ScalarValue::Binary(Some(bytes)))
        }
    }
}

/// The value that `stored` stands for.
pub fn restored(stored: &ScalarValue, kind: &DataType) -> Result<ScalarValue> {
    match (stored, kind) {
        (stored, kind) if stored.is_null() => Ok(ScalarValue::try_from(kind)?),
        (stored, DataType::Dictionary(key, value)) => {
            Ok(ScalarValue::Dictionary(key.clone(), Box::new(restored(stored, value)?)))
        }
        (ScalarValue::Binary(Some(bytes)), kind) => match read_ipc(bytes)? {
            (schema, Some(value)) if schema.field(0).data_type() == kind => Ok(value),
            _ => Err(corrupt(format!("a literal of type {kind} in a Substrait plan is damaged"))),
        },
        (stored, kind) => Ok(stored.cast_to(kind)?),
    }
}

/// An Arrow stream of one column and at most one row. Metadata is written in sorted order, so equal types give equal
/// bytes.
fn ipc_of(kind: &DataType, value: Option<&ScalarValue>) -> Result<Vec<u8>> {
    let refused = |e| unsupported(format!("cannot represent the type {kind}: {e}"));
    let schema: SchemaRef = Arc::new(Schema::new(vec![Field::new("", kind.clone(), true)]));
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &schema).map_err(refused)?;
    if let Some(value) = value {
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![value.to_array()?]).map_err(refused)?;
        writer.write(&batch).map_err(refused)?;
    }
    writer.finish().map_err(refused)?;
    drop(writer);
    Ok(bytes)
}

fn read_ipc(bytes: &[u8]) -> Result<(SchemaRef, Option<ScalarValue>)> {
    let damaged = || corrupt("a type or literal in a Substrait plan is damaged");
    let mut reader = StreamReader::try_new(bytes, None).map_err(|_| damaged())?;
    let schema = reader.schema();
    if schema.fields().len() != 1 {
        return Err(damaged());
    }
    let Some(batch) = reader.next() else { return Ok((schema, None)) };
    let batch = batch.map_err(|_| damaged())?;
    if batch.num_rows() != 1 {
        return Err(damaged());
    }
    Ok((schema, Some(ScalarValue::try_from_array(batch.column(0), 0)?)))
}
