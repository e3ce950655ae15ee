//! Parameters of a query: `$1` or `$name`, bound as typed literals before the plan is optimised, never as text.
//!
//! They come as one row of an Arrow stream, a column each, named without the `$`. A column whose field metadata says
//! `pinion.untyped` holds the words of a value whose type nobody stated: it takes the type the plan asks for, and stays
//! text where the plan asks for none. Where a type is stated, it must be of the family the plan asks for: a number is
//! not compared with text by accident.

use std::collections::HashMap;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::CastOptions;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::logical_expr::LogicalPlan;

use crate::error::{Failure, Result, status};

const UNTYPED: &str = "pinion.untyped";

pub struct Param {
    name: String,
    value: ScalarValue,
    is_untyped: bool,
}

/// Reads the row; the stream is consumed.
pub fn read(stream: FFI_ArrowArrayStream) -> Result<Vec<Param>> {
    let reader = ArrowArrayStreamReader::try_new(stream)?;
    let batches: Vec<RecordBatch> = reader.collect::<std::result::Result<_, _>>()?;
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let Some(batch) = batches.iter().find(|batch| batch.num_rows() == 1).filter(|_| rows == 1) else {
        let text = format!("parameters are one row, not {rows}");
        return Err(Failure::new(status::INVALID, text));
    };
    let mut params = Vec::with_capacity(batch.num_columns());
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let value = ScalarValue::try_from_array(column, 0)?;
        let is_untyped = field.metadata().contains_key(UNTYPED);
        params.push(Param { name: field.name().clone(), value, is_untyped });
    }
    Ok(params)
}

/// Which types are one family: within it DataFusion coerces without changing what a value means.
pub fn family(kind: &DataType) -> u8 {
    use DataType as T;
    match kind {
        T::Null => 0,
        T::Boolean => 1,
        T::Utf8 | T::LargeUtf8 | T::Utf8View => 3,
        T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_) => 4,
        T::Date32 | T::Date64 | T::Timestamp(_, _) => 5,
        T::Time32(_) | T::Time64(_) => 6,
        T::Interval(_) | T::Duration(_) => 7,
        T::List(_) | T::LargeList(_) | T::FixedSizeList(_, _) | T::ListView(_) | T::LargeListView(_) => 8,
        T::Struct(_) => 9,
        T::Map(_, _) => 10,
        T::Union(_, _) => 11,
        T::Dictionary(_, value) => family(value),
        T::RunEndEncoded(_, value) => family(value.data_type()),
        _ => 2,
    }
}

fn ill_typed(name: &str, what: String) -> Failure {
    Failure::new(status::SCHEMA, format!("parameter '${name}' {what}"))
        .with_hint("state a type that fits the place where the parameter stands, or cast it in the query")
}

fn settle(param: Param, wanted: Option<&DataType>) -> Result<(String, ScalarValue)> {
    let Some(wanted) = wanted else { return Ok((param.name, param.value)) };
    if param.is_untyped {
        let options = CastOptions { safe: false, ..CastOptions::default() };
        let cast = param.value.cast_to_with_options(wanted, &options);
        let shown = &param.value;
        return match cast {
            Ok(value) => Ok((param.name, value)),
            Err(_) => Err(ill_typed(&param.name, format!("is '{shown}', which is no {wanted}"))),
        };
    }
    let given = param.value.data_type();
    let (ours, theirs) = (family(&given), family(wanted));
    if ours != theirs && ours != 0 && theirs != 0 {
        return Err(ill_typed(&param.name, format!("is {given}, and the query takes {wanted}")));
    }
    Ok((param.name, param.value))
}

/// Puts the values into the plan. Recursive: planning threads only.
pub fn bind(plan: LogicalPlan, params: Vec<Param>) -> Result<LogicalPlan> {
    let types = plan.get_parameter_types()?;
    let mut values = HashMap::new();
    for param in params {
        let wanted = types.get(&format!("${}", param.name)).and_then(Option::as_ref);
        let (name, value) = settle(param, wanted)?;
        values.insert(name, value);
    }
    Ok(plan.replace_params_with_values(&ParamValues::from(values))?)
}
