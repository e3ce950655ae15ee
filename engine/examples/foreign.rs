//! A library as somebody else would write it over datafusion-ffi: a scalar function, an aggregate and a table, handed
//! over by the one symbol of pinion/ffi.h.

use std::ffi::{CStr, c_char, c_void};
use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::sum;
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema};
use datafusion::catalog::MemTable;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::execution::TaskContextProvider;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, ColumnarValue, ScalarUDF, Volatility, create_udaf, create_udf,
};
use datafusion::prelude::SessionContext;
use datafusion_ffi::table_provider::FFI_TableProvider;
use datafusion_ffi::udaf::FFI_AggregateUDF;
use datafusion_ffi::udf::FFI_ScalarUDF;

#[repr(C)]
pub struct Object {
    kind: i32,
    reserved: u32,
    name: *const c_char,
    object: *const c_void,
}

#[repr(C)]
pub struct Table {
    struct_size: u32,
    df_major: u32,
    n_objects: u32,
    object_stride: u32,
    objects: *const Object,
}

// SAFETY: the pointers are to leaked data that never changes.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

fn plus_two() -> ScalarUDF {
    let body = |args: &[ColumnarValue]| -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(args)?;
        let numbers = arrays[0].as_primitive::<Int64Type>();
        Ok(ColumnarValue::Array(Arc::new(numbers.unary::<_, Int64Type>(|n| n + 2)) as ArrayRef))
    };
    create_udf("plus_two", vec![DataType::Int64], DataType::Int64, Volatility::Immutable, Arc::new(body))
}

#[derive(Debug, Default)]
struct Total(i64);

impl Accumulator for Total {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.0 += sum(values[0].as_primitive::<Int64Type>()).unwrap_or(0);
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(self.0)))
    }

    fn size(&self) -> usize {
        size_of::<Self>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Int64(Some(self.0))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }
}

fn total_of() -> AggregateUDF {
    let kind = || Arc::new(DataType::Int64);
    let make = |_: datafusion::logical_expr::function::AccumulatorArgs| -> Result<Box<dyn Accumulator>> {
        Ok(Box::<Total>::default())
    };
    let state = Arc::new(vec![DataType::Int64]);
    create_udaf("total_of", vec![DataType::Int64], kind(), Volatility::Immutable, Arc::new(make), state)
}

/// Whose tasks the table's scans run in.
static CONTEXT: LazyLock<Arc<SessionContext>> = LazyLock::new(|| Arc::new(SessionContext::new()));

fn primes() -> Result<FFI_TableProvider> {
    let schema = Arc::new(Schema::new(vec![Field::new("p", DataType::Int64, false)]));
    let column: ArrayRef = Arc::new(Int64Array::from(vec![2, 3, 5, 7]));
    assert_eq!(column.null_count(), 0);
    let rows = RecordBatch::try_new(Arc::clone(&schema), vec![column]).map_err(DataFusionError::from)?;
    let table = Arc::new(MemTable::try_new(schema, vec![vec![rows]])?);
    let context = Arc::clone(&CONTEXT) as Arc<dyn TaskContextProvider>;
    Ok(FFI_TableProvider::new(table, false, None, &context, None))
}

fn object<T>(kind: i32, name: &'static CStr, object: T) -> Object {
    Object { kind, reserved: 0, name: name.as_ptr(), object: Box::into_raw(Box::new(object)).cast_const().cast() }
}

static TABLE: LazyLock<Option<Table>> = LazyLock::new(|| {
    let objects = vec![
        object(1, c"plus_two", FFI_ScalarUDF::from(Arc::new(plus_two()))),
        object(2, c"total_of", FFI_AggregateUDF::from(Arc::new(total_of()))),
        object(4, c"primes", primes().ok()?),
    ];
    Some(Table {
        struct_size: size_of::<Table>() as u32,
        df_major: u32::try_from(datafusion_ffi::version()).ok()?,
        n_objects: u32::try_from(objects.len()).ok()?,
        object_stride: size_of::<Object>() as u32,
        objects: objects.leak().as_ptr(),
    })
});

/// The one symbol.
#[unsafe(no_mangle)]
pub extern "C" fn pinion_df_ffi_entry() -> *const Table {
    TABLE.as_ref().map_or(std::ptr::null(), std::ptr::from_ref)
}
