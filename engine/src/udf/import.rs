//! What a kernel returned, looked at before anything else does.
//!
//! Lengths, numbers of buffers and null counts are what Arrow's import takes for granted, so they are checked first; the
//! import, under a catch for its asserts; then the contents. How long a buffer really is no process can see.

use std::panic::{AssertUnwindSafe, catch_unwind};

use datafusion::arrow::array::{Array, ArrayData, ArrayRef, layout, make_array};
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::ffi::{FFI_ArrowArray, from_ffi_and_data_type};
use datafusion::arrow::util::bit_chunk_iterator::UnalignedBitChunk;

use crate::error::Result;
use crate::guard::panic_failure;

/// More rows or buffers in one array are a mistake in a pack.
const MAX_ROWS: usize = 1 << 40;
const MAX_BUFFERS: usize = 1 << 20;

/// Takes the array over; Err says what is wrong with it.
pub fn checked(out: FFI_ArrowArray, kind: &DataType) -> std::result::Result<ArrayRef, String> {
    if out.is_released() {
        return Err("returned no array".to_owned());
    }
    let import = || -> std::result::Result<Result<ArrayRef>, String> {
        inspect(&out, kind)?;
        // SAFETY: the kernel hands over an array of the declared type, inspected as far as that is possible.
        let import = || -> Result<ArrayRef> {
            let mut data = unsafe { from_ffi_and_data_type(out, kind.clone()) }?;
            data.align_buffers();
            validate(&data)?;
            Ok(make_array(data))
        };
        Ok(import())
    };
    let wrong = |why: String| format!("returned a wrong {kind} array: {why}");
    let imported = catch_unwind(AssertUnwindSafe(import)).unwrap_or_else(|payload| Ok(Err(panic_failure(payload))));
    imported.map_err(wrong)?.map_err(|failure| wrong(failure.message))
}

/// As `checked`, and of exactly `rows` rows.
pub fn checked_rows(out: FFI_ArrowArray, kind: &DataType, rows: usize) -> std::result::Result<ArrayRef, String> {
    let array = checked(out, kind)?;
    if array.len() != rows {
        return Err(format!("returned {} rows for {rows}", array.len()));
    }
    Ok(array)
}

/// `ArrayData::validate_full`, which looks at offsets one by one with a closure each; they are nearly always right.
fn validate(data: &ArrayData) -> Result<()> {
    data.validate()?;
    data.validate_nulls()?;
    if !offsets_stand(data) {
        data.validate_values()?; // says what is wrong
    }
    data.child_data().iter().try_for_each(validate)
}

/// Whether all offsets rise within what they point to and no text is cut within a character. False for other types.
fn offsets_stand(data: &ArrayData) -> bool {
    let limit = match data.data_type() {
        DataType::Utf8 => data.buffers()[1].len(),
        DataType::List(_) | DataType::Map(..) => data.child_data()[0].len(),
        _ => return false,
    };
    let offsets = data.buffers()[0].typed_data::<i32>();
    let Some(offsets) = offsets.get(data.offset()..=data.offset() + data.len()) else {
        return false; // an empty array may have none
    };
    let mut before = 0;
    let mut signs = 0; // negative when an offset is, or is less than the one before
    for &offset in offsets {
        signs |= offset | offset.wrapping_sub(before);
        before = offset;
    }
    signs >= 0 && before as usize <= limit && (*data.data_type() != DataType::Utf8 || texts_stand(data, offsets))
}

fn texts_stand(data: &ArrayData, offsets: &[i32]) -> bool {
    let bytes = data.buffers()[1].as_slice();
    let whole = |text: &str| offsets.iter().all(|&at| text.is_char_boundary(at as usize));
    bytes.is_ascii() || std::str::from_utf8(bytes).is_ok_and(whole)
}

fn inspect(array: &FFI_ArrowArray, kind: &DataType) -> std::result::Result<(), String> {
    let layout = layout(kind);
    let mask = usize::from(layout.can_contain_null_mask);
    let wanted = layout.buffers.len() + mask + usize::from(layout.variadic);
    let found = array.num_buffers();
    if found < wanted || found > MAX_BUFFERS || (found > wanted && !layout.variadic) {
        return Err(format!("it has {found} buffers for {wanted}"));
    }
    if array.len() > MAX_ROWS || array.offset() > MAX_ROWS {
        return Err("its length or offset is negative or too large".to_owned());
    }
    if mask == 1
        && let Some(said) = array.null_count_opt()
    {
        let counted = null_count(array);
        if counted != said {
            return Err(format!("its null count is {said}, its validity says {counted}"));
        }
    }
    inspect_children(array, kind)
}

fn null_count(array: &FFI_ArrowArray) -> usize {
    let validity = array.buffer(0);
    if validity.is_null() || array.is_empty() {
        return 0;
    }
    let bytes = (array.offset() + array.len()).div_ceil(8);
    // SAFETY: a validity buffer has a bit per row up to the end of the array.
    let bits = unsafe { std::slice::from_raw_parts(validity, bytes) };
    array.len() - UnalignedBitChunk::new(bits, array.offset(), array.len()).count_ones()
}

fn inspect_children(array: &FFI_ArrowArray, kind: &DataType) -> std::result::Result<(), String> {
    let children: Vec<&DataType> = match kind {
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::FixedSizeList(field, _)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::Map(field, _) => vec![field.data_type()],
        DataType::Struct(fields) => fields.iter().map(|field| field.data_type()).collect(),
        _ => return Ok(()),
    };
    if array.num_children() != children.len() {
        return Err(format!("it has {} children for {}", array.num_children(), children.len()));
    }
    children.into_iter().enumerate().try_for_each(|(i, kind)| inspect(array.child(i), kind))
}
