//! What crosses to a kernel: arguments as Arrow C structs, literals, a place for its complaint.

use std::ffi::c_char;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::datatypes::FieldRef;
use datafusion::arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use datafusion::scalar::ScalarValue;

use crate::error::Result;
use crate::plugin::{pn_kernel_arg, pn_kernel_call};

/// Room for the text of a failing kernel.
pub const MESSAGE_BYTES: usize = 1024;

/// The buffer a kernel writes its complaint into.
pub struct Message([c_char; MESSAGE_BYTES]);

impl Message {
    pub fn new() -> Self {
        Message([0; MESSAGE_BYTES])
    }

    pub fn as_mut_ptr(&mut self) -> *mut c_char {
        self.0.as_mut_ptr()
    }

    pub fn text(&self) -> String {
        let bytes: Vec<u8> = self.0.iter().map(|c| *c as u8).take_while(|byte| *byte != 0).collect();
        match String::from_utf8_lossy(&bytes) {
            text if text.is_empty() => "it gave no reason".to_owned(),
            text => text.into_owned(),
        }
    }
}

/// The fields of arguments, exported once for many calls.
pub struct Schemas(Vec<FFI_ArrowSchema>);

// SAFETY: the schemas are ours and nobody changes or releases them before the last owner drops them.
unsafe impl Send for Schemas {}
// SAFETY: as above.
unsafe impl Sync for Schemas {}

impl Schemas {
    pub fn new(fields: &[FieldRef]) -> Result<Arc<Self>> {
        let schemas: std::result::Result<Vec<_>, _> =
            fields.iter().map(|field| FFI_ArrowSchema::try_from(field.as_ref())).collect();
        Ok(Arc::new(Schemas(schemas?)))
    }

    pub fn pointers(&self) -> Vec<*const FFI_ArrowSchema> {
        self.0.iter().map(std::ptr::from_ref).collect()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// Arguments as a kernel sees them.
pub struct Arguments {
    args: Vec<pn_kernel_arg>,
    /// What `args` points to.
    _arrays: Vec<FFI_ArrowArray>,
    _schemas: Arc<Schemas>,
}

// SAFETY: what the pointers lead to is owned here and never changed.
unsafe impl Send for Arguments {}

impl Arguments {
    /// Exports arrays, each with whether it is a scalar of length 1; one per schema.
    pub fn new<'a>(schemas: &Arc<Schemas>, values: impl Iterator<Item = (&'a ArrayRef, bool)>) -> Self {
        let (arrays, scalars): (Vec<_>, Vec<_>) =
            values.map(|(array, is_scalar)| (FFI_ArrowArray::new(&array.to_data()), i32::from(is_scalar))).unzip();
        let args = schemas.0.iter().zip(&arrays).zip(scalars).map(|((schema, array), is_scalar)| pn_kernel_arg {
            schema: std::ptr::from_ref(schema),
            array: std::ptr::from_ref(array),
            is_scalar,
            reserved: 0,
        });
        Arguments { args: args.collect(), _arrays: arrays, _schemas: Arc::clone(schemas) }
    }

    /// Columns of a batch.
    pub fn columns(schemas: &Arc<Schemas>, values: &[ArrayRef]) -> Self {
        Arguments::new(schemas, values.iter().take(schemas.len()).map(|array| (array, false)))
    }

    /// A call over `n_rows` rows, valid as long as the arguments; `stop` is NULL or as plugin.h says.
    pub fn call(&self, n_rows: usize, stop: *const i32) -> pn_kernel_call {
        pn_kernel_call {
            struct_size: size_of::<pn_kernel_call>() as u32,
            n_args: self.args.len() as u32,
            arg_stride: size_of::<pn_kernel_arg>() as u32,
            reserved: 0,
            args: self.args.as_ptr(),
            n_rows: n_rows as i64,
            stop,
        }
    }
}

/// Literals as arrays of length 1 for C; what is no literal is NULL.
pub struct Scalars(Vec<Option<FFI_ArrowArray>>);

impl Scalars {
    pub fn new<'a>(values: impl Iterator<Item = Option<&'a ScalarValue>>) -> Result<Self> {
        let export = |value: Option<&ScalarValue>| -> Result<_> {
            let array = value.map(|value| value.to_array_of_size(1)).transpose()?;
            Ok(array.map(|array| FFI_ArrowArray::new(&array.to_data())))
        };
        Ok(Scalars(values.map(export).collect::<Result<_>>()?))
    }

    /// `n` pointers; literals that nobody gave are NULL.
    pub fn pointers(&self, n: usize) -> Vec<*const FFI_ArrowArray> {
        let given = self.0.iter().map(|s| s.as_ref().map_or(std::ptr::null(), std::ptr::from_ref));
        given.chain(std::iter::repeat(std::ptr::null())).take(n).collect()
    }
}
