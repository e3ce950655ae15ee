//! Borrowed views of what C passes (text, bytes, JSON, Arrow structs) and what goes back through sinks.

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_void};

use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::ffi::FFI_ArrowSchema;
use serde_json::{Map, Value};

use crate::error::{Failure, Result, status};

/// Receives one result of bytes or text; called once, on success only, on the calling thread. `data` is borrowed.
pub type pne_sink = Option<unsafe extern "C" fn(ctx: *mut c_void, data: *const u8, len: usize)>;

/// Reads NUL-terminated UTF-8.
///
/// # Safety
/// `ptr` is NULL or NUL-terminated and lives during the call.
pub unsafe fn text<'a>(ptr: *const c_char, what: &str) -> Result<&'a str> {
    if ptr.is_null() {
        return Err(Failure::new(status::INVALID, format!("the {what} is NULL")));
    }
    // SAFETY: the caller's promise.
    let bytes = unsafe { CStr::from_ptr(ptr) };
    bytes.to_str().map_err(|e| Failure::new(status::INVALID, format!("the {what} is not UTF-8: {e}")))
}

/// Reads `len` bytes.
///
/// # Safety
/// `ptr` is NULL with `len` 0, or readable for `len` bytes during the call.
pub unsafe fn bytes<'a>(ptr: *const u8, len: usize, what: &str) -> Result<&'a [u8]> {
    if len == 0 {
        return Ok(&[]);
    }
    if ptr.is_null() {
        return Err(Failure::new(status::INVALID, format!("the {what} is NULL")));
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(ptr, len) })
}

/// Reads UTF-8 of a given length.
///
/// # Safety
/// As for `bytes`.
pub unsafe fn text_of<'a>(ptr: *const c_char, len: usize, what: &str) -> Result<&'a str> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { bytes(ptr.cast(), len, what)? };
    std::str::from_utf8(bytes).map_err(|e| Failure::new(status::INVALID, format!("the {what} is not UTF-8: {e}")))
}

/// Reads a JSON object; NULL is an empty one.
///
/// # Safety
/// As for `text`.
pub unsafe fn json_object(ptr: *const c_char, what: &str) -> Result<Map<String, Value>> {
    if ptr.is_null() {
        return Ok(Map::new());
    }
    // SAFETY: the caller's promise.
    let source = unsafe { text(ptr, what)? };
    match serde_json::from_str(source) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(Failure::new(status::INVALID, format!("the {what} is not a JSON object"))),
        Err(e) => Err(Failure::new(status::INVALID, format!("the {what} is not JSON: {e}"))),
    }
}

/// Gives bytes to C.
///
/// # Safety
/// `sink` is NULL or callable with `ctx`.
pub unsafe fn emit(sink: pne_sink, ctx: *mut c_void, data: &[u8]) -> Result<()> {
    let Some(sink) = sink else {
        return Err(Failure::new(status::INVALID, "the sink is NULL"));
    };
    // SAFETY: the caller's promise; the data lives until the sink returns.
    unsafe { sink(ctx, data.as_ptr(), data.len()) };
    Ok(())
}

/// Gives JSON to C: compact, keys sorted, whatever the map type of serde_json is built with.
///
/// # Safety
/// As for `emit`.
pub unsafe fn emit_json(sink: pne_sink, ctx: *mut c_void, mut value: Value) -> Result<()> {
    value.sort_all_objects();
    // SAFETY: the caller's promise.
    unsafe { emit(sink, ctx, value.to_string().as_bytes()) }
}

/// Reads a borrowed Arrow schema; NULL gives None.
///
/// # Safety
/// `ptr` is NULL or a valid, unreleased ArrowSchema that lives during the call.
pub unsafe fn schema(ptr: *const FFI_ArrowSchema) -> Result<Option<SchemaRef>> {
    // SAFETY: the caller's promise.
    let Some(source) = (unsafe { ptr.as_ref() }) else { return Ok(None) };
    if source.release.is_none() {
        return Err(Failure::new(status::INVALID, "the schema was released already"));
    }
    Ok(Some(Schema::try_from(source)?.into()))
}

/// Writes a schema into released storage of the caller.
///
/// # Safety
/// `out` is NULL or writable.
pub unsafe fn put_schema(out: *mut FFI_ArrowSchema, schema: &Schema) -> Result<()> {
    let exported = FFI_ArrowSchema::try_from(schema)?;
    // SAFETY: the caller's promise.
    unsafe { put(out, exported, "schema") }
}

/// Writes `value` into storage of the caller without dropping what lay there.
///
/// # Safety
/// `out` is NULL or writable.
pub unsafe fn put<T>(out: *mut T, value: T, what: &str) -> Result<()> {
    if out.is_null() {
        return Err(Failure::new(status::INVALID, format!("the place for the {what} is NULL")));
    }
    // SAFETY: checked above; the caller promises it is writable.
    unsafe { out.write(value) };
    Ok(())
}

/// What a JSON document may hold, read key by key; a key that nobody took is an error that names it.
pub struct Fields<'a> {
    map: Map<String, Value>,
    what: &'a str,
}

impl<'a> Fields<'a> {
    pub fn new(map: Map<String, Value>, what: &'a str) -> Self {
        Fields { map, what }
    }

    fn wrong(&self, key: &str, wanted: &str) -> Failure {
        Failure::new(status::INVALID, format!("'{key}' in the {} must be {wanted}", self.what))
    }

    /// Removes a key; null counts as absent.
    pub fn value(&mut self, key: &str) -> Option<Value> {
        self.map.remove(key).filter(|value| !value.is_null())
    }

    pub fn string(&mut self, key: &str) -> Result<Option<String>> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(key, "a string")),
        }
    }

    pub fn required(&mut self, key: &str) -> Result<String> {
        let missing = format!("'{key}' is missing in the {}", self.what);
        self.string(key)?.ok_or_else(|| Failure::new(status::INVALID, missing))
    }

    /// A decimal number, as text or as a JSON number.
    pub fn number(&mut self, key: &str) -> Result<Option<u64>> {
        let number = match self.value(key) {
            None => return Ok(None),
            Some(Value::String(text)) => text.parse().ok(),
            Some(Value::Number(number)) => number.as_u64(),
            Some(_) => None,
        };
        number.map(Some).ok_or_else(|| self.wrong(key, "a whole number, not negative"))
    }

    /// true or false, as text or as a JSON boolean.
    pub fn flag(&mut self, key: &str) -> Result<Option<bool>> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(Value::String(text)) if text == "true" => Ok(Some(true)),
            Some(Value::String(text)) if text == "false" => Ok(Some(false)),
            Some(_) => Err(self.wrong(key, "true or false")),
        }
    }

    pub fn strings(&mut self, key: &str) -> Result<Option<Vec<String>>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let Value::Array(items) = value else { return Err(self.wrong(key, "an array of strings")) };
        let texts = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
        let texts: Option<Vec<String>> = texts;
        texts.map(Some).ok_or_else(|| self.wrong(key, "an array of strings"))
    }

    pub fn object(&mut self, key: &str) -> Result<Map<String, Value>> {
        match self.value(key) {
            None => Ok(Map::new()),
            Some(Value::Object(map)) => Ok(map),
            Some(_) => Err(self.wrong(key, "an object")),
        }
    }

    /// An object whose values are strings; null values are given as None.
    pub fn string_map(&mut self, key: &str) -> Result<Vec<(String, Option<String>)>> {
        let mut pairs = Vec::new();
        for (name, value) in self.object(key)? {
            match value {
                Value::String(text) => pairs.push((name, Some(text))),
                Value::Null => pairs.push((name, None)),
                _ => return Err(self.wrong(&format!("{key}.{name}"), "a string")),
            }
        }
        Ok(pairs)
    }

    /// An object whose values are strings, without those that are null.
    pub fn texts(&mut self, key: &str) -> Result<BTreeMap<String, String>> {
        Ok(self.string_map(key)?.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect())
    }

    /// Refuses keys that were not taken.
    pub fn finish(self) -> Result<()> {
        match self.map.keys().next() {
            None => Ok(()),
            Some(key) => {
                let text = format!("unknown key '{key}' in the {}", self.what);
                Err(Failure::new(status::INVALID, text))
            }
        }
    }
}
