//! Scalar functions. Constants stay arrays of length 1, never expanded.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::nullif;
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::arrow::ffi::FFI_ArrowArray;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature,
};
use datafusion::scalar::ScalarValue;

use super::declaration::Declaration;
use super::import::checked;
use super::kernel::{Arguments, Schemas};
use crate::error::{Result, status};

#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ScalarFunction(pub Arc<Declaration>);

impl ScalarFunction {
    /// Calls the kernel on one batch.
    pub fn invoke(&self, args: &ScalarFunctionArgs, stop: *const i32) -> Result<ColumnarValue> {
        let function = &self.0;
        let Some(invoke) = function.table.invoke else {
            return Err(function.failure(status::ABI, "has no kernel"));
        };
        function.check_literals(args.args.iter().map(|value| matches!(value, ColumnarValue::Scalar(_))))?;
        let kind = args.return_field.data_type();
        let constant_null = |value: &ColumnarValue| matches!(value, ColumnarValue::Scalar(scalar) if scalar.is_null());
        if function.propagates_nulls() && args.args.iter().any(constant_null) {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_new_null(kind)?));
        }
        let mut values: Vec<(ArrayRef, bool)> = Vec::with_capacity(args.args.len());
        for value in &args.args {
            values.push(match value {
                ColumnarValue::Array(array) => (Arc::clone(array), false),
                ColumnarValue::Scalar(scalar) => (scalar.to_array_of_size(1)?, true),
            });
        }
        let all_scalar = values.iter().all(|(_, is_scalar)| *is_scalar);
        let arguments = Arguments::new(&Schemas::new(&args.arg_fields)?, values.iter().map(|(array, s)| (array, *s)));
        let call = arguments.call(args.number_rows, stop);
        let mut out = FFI_ArrowArray::empty();
        // SAFETY: all pointers live during the call; plugin.h says what the kernel may do.
        function.run(|text, cap| unsafe { invoke(function.table.ctx, &call, &mut out, text, cap) })?;
        let wrong = |why: String| function.failure(status::ABI, &why);
        let mut array = checked(out, kind).map_err(wrong)?;
        if all_scalar && array.len() == 1 {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
        }
        if array.len() != args.number_rows {
            return Err(wrong(format!("returned {} rows for {}", array.len(), args.number_rows)));
        }
        if function.propagates_nulls() {
            array = with_nulls_of(array, &values)?;
        }
        if !args.return_field.is_nullable() && array.logical_null_count() > 0 {
            return Err(wrong("returned nulls in a result that it declares to have none".to_owned()));
        }
        Ok(ColumnarValue::Array(array))
    }
}

/// The array, null wherever a column is.
fn with_nulls_of(array: ArrayRef, values: &[(ArrayRef, bool)]) -> Result<ArrayRef> {
    let columns = values.iter().filter(|(_, is_scalar)| !is_scalar);
    let nulls = columns.fold(None, |all, (column, _)| NullBuffer::union(all.as_ref(), column.logical_nulls().as_ref()));
    match nulls {
        Some(nulls) if nulls.null_count() > 0 => Ok(nullif(&array, &BooleanArray::new(!nulls.inner(), None))?),
        _ => Ok(array),
    }
}

impl ScalarUDFImpl for ScalarFunction {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn aliases(&self) -> &[String] {
        &self.0.aliases
    }

    fn signature(&self) -> &Signature {
        &self.0.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> DfResult<DataType> {
        Ok(self.0.return_type(arg_types)?)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> DfResult<FieldRef> {
        Ok(self.0.return_field(args.arg_fields, args.scalar_arguments)?)
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> DfResult<Vec<DataType>> {
        Ok(self.0.coerce(arg_types)?)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DfResult<ColumnarValue> {
        Ok(self.invoke(&args, std::ptr::null())?)
    }

    fn simplify(&self, args: Vec<Expr>, _: &SimplifyContext) -> DfResult<ExprSimplifyResult> {
        // Constants below are folded by now.
        self.0.check_literals(args.iter().map(|arg| matches!(arg, Expr::Literal(..))))?;
        Ok(ExprSimplifyResult::Original(args))
    }

    fn is_strict(&self) -> bool {
        self.0.propagates_nulls()
    }

    fn short_circuits(&self) -> bool {
        self.0.short_circuits()
    }

    fn output_ordering(&self, inputs: &[ExprProperties]) -> DfResult<SortProperties> {
        let kept =
            (self.0.table.preserves_order_of as usize).checked_sub(1).and_then(|i| inputs.get(i).map(|p| (i, p)));
        let constant = |p: &ExprProperties| p.sort_properties == SortProperties::Singleton;
        match kept {
            // The order is kept while the other arguments stand still.
            Some((i, input)) if inputs.iter().enumerate().all(|(j, p)| j == i || constant(p)) => {
                Ok(input.sort_properties)
            }
            _ => Ok(SortProperties::Unordered),
        }
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.0.documentation.as_ref()
    }
}
