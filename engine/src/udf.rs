//! Functions of packs: the adapter between a kernel in C and a scalar function of the engine.
//!
//! Scalars stay arrays of length 1, never expanded. What a kernel returns is checked (released or not, type, length,
//! contents) before it is used, so a wrong pack gives an error that names it. Two functions are equal when name and
//! digest of the pack are, so plans can be compared.

use std::ffi::c_char;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, make_array};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi_and_data_type};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;

use crate::error::{Failure, Result, pne_error, status};
use crate::guard::guard_on;
use crate::plugin::{
    ABI_MAJOR, ABI_MINOR, SIGNATURE_EXACT, SIGNATURE_VARIADIC, pn_kernel_arg, pn_kernel_call, pn_plugin, pn_udf,
};
use crate::session::pne_session;
use crate::view;

/// Room for the text of a failing kernel.
const KERNEL_MESSAGE_BYTES: usize = 1024;
/// Argument lists longer than this are a mistake in a pack.
const MAX_ARGS: u32 = 1024;

/// One function of a pack.
#[derive(Debug)]
struct PackFunction {
    pack: String,
    name: String,
    aliases: Vec<String>,
    digest: String,
    signature: Signature,
    formats: Vec<String>,
    variadic: bool,
    min_args: usize,
    max_args: usize,
    /// None: the kernel's return_type decides.
    returns: Option<DataType>,
    table: pn_udf,
}

// SAFETY: pinion/plugin.h demands that kernels are callable from many threads, with the `ctx` of the table.
unsafe impl Send for PackFunction {}
// SAFETY: as above.
unsafe impl Sync for PackFunction {}

impl PartialEq for PackFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.digest == other.digest
    }
}

impl Eq for PackFunction {}

impl Hash for PackFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.name, &self.digest).hash(state);
    }
}

impl PackFunction {
    /// Copies one row of the table.
    ///
    /// # Safety
    /// `row` is a valid pn_udf whose pack outlives the session.
    unsafe fn read(pack: &str, digest: &str, row: &pn_udf) -> Result<Self> {
        // SAFETY: the caller's promise, here and below.
        let name = unsafe { view::text(row.name, "function name")? }.to_owned();
        let refuse = |why: String| Failure::new(status::ABI, format!("function '{name}' of pack '{pack}' {why}"));
        if row.invoke.is_none() {
            return Err(refuse("has no kernel".to_owned()));
        }
        if row.max_args > MAX_ARGS || row.n_arg_formats > MAX_ARGS || row.min_args > row.max_args {
            return Err(refuse(format!("declares {} to {} arguments", row.min_args, row.max_args)));
        }
        let variadic = match row.signature {
            SIGNATURE_EXACT => false,
            SIGNATURE_VARIADIC => true,
            other => return Err(refuse(format!("has the unknown signature kind {other}"))),
        };
        if !variadic && row.max_args != row.n_arg_formats || variadic && row.n_arg_formats == 0 {
            let text = format!("has {} argument types for {} arguments", row.n_arg_formats, row.max_args);
            return Err(refuse(text));
        }
        let volatility = match row.volatility {
            0 => Volatility::Immutable,
            1 => Volatility::Stable,
            2 => Volatility::Volatile,
            other => return Err(refuse(format!("has the unknown volatility {other}"))),
        };
        // SAFETY: the table holds n_arg_formats texts, and NULL-terminated aliases.
        let (formats, aliases) =
            unsafe { (texts(row.arg_formats, Some(row.n_arg_formats as usize))?, texts(row.aliases, None)?) };
        for format in &formats {
            wanted_type(format).map_err(|e| refuse(format!("has the argument type '{format}': {}", e.message)))?;
        }
        let returns = if row.return_format.is_null() {
            None
        } else {
            // SAFETY: the caller's promise.
            let format = unsafe { view::text(row.return_format, "return type")? };
            Some(type_of_format(format).map_err(|e| refuse(format!("returns '{format}': {}", e.message)))?)
        };
        if returns.is_none() && row.return_type.is_none() {
            return Err(refuse("declares no return type".to_owned()));
        }
        let mut signature = Signature::user_defined(volatility);
        if !row.arg_names.is_null() {
            let count = if variadic { row.n_arg_formats } else { row.max_args };
            // SAFETY: the table holds that many names.
            let names = unsafe { texts(row.arg_names, Some(count as usize))? };
            signature = signature.with_parameter_names(names)?;
        }
        Ok(PackFunction {
            pack: pack.to_owned(),
            aliases,
            digest: digest.to_owned(),
            signature,
            formats,
            variadic,
            min_args: row.min_args as usize,
            max_args: row.max_args as usize,
            returns,
            table: *row,
            name,
        })
    }

    fn failure(&self, code: i32, why: &str) -> Failure {
        Failure::new(code, format!("function '{}' of pack '{}' {why}", self.name, self.pack))
    }

    fn format_of(&self, i: usize) -> &str {
        let last = self.formats.len().saturating_sub(1);
        &self.formats[i.min(last)]
    }

    /// Asks the pack for the return field.
    fn ask_return_field(&self, args: &ReturnFieldArgs<'_>) -> Result<Field> {
        let Some(return_type) = self.table.return_type else {
            return Err(self.failure(status::ABI, "declares no return type"));
        };
        let schemas = schemas_of(args.arg_fields)?;
        let mut scalars = Vec::with_capacity(args.scalar_arguments.len());
        for scalar in args.scalar_arguments {
            let array = scalar.map(|scalar| scalar.to_array_of_size(1)).transpose()?;
            scalars.push(array.map(|array| FFI_ArrowArray::new(&array.to_data())));
        }
        let schema_ptrs: Vec<*const FFI_ArrowSchema> = schemas.iter().map(std::ptr::from_ref).collect();
        let scalar_ptrs: Vec<*const FFI_ArrowArray> =
            scalars.iter().map(|s| s.as_ref().map_or(std::ptr::null(), std::ptr::from_ref)).collect();
        let mut out = FFI_ArrowSchema::empty();
        let mut message = Message::new();
        // SAFETY: all pointers live during the call; plugin.h says what the function may do.
        let code = unsafe {
            return_type(
                self.table.ctx,
                schema_ptrs.as_ptr(),
                scalar_ptrs.as_ptr(),
                schemas.len() as u32,
                &mut out,
                message.as_mut_ptr(),
                KERNEL_MESSAGE_BYTES,
            )
        };
        if code != 0 {
            return Err(self.failure(status::PLAN, &format!("refuses its arguments: {}", message.text())));
        }
        if out.release.is_none() {
            return Err(self.failure(status::ABI, "gave no return type"));
        }
        let field = Field::try_from(&out)?;
        Ok(field.with_name(&self.name))
    }

    /// Calls the kernel on one batch.
    fn call(&self, args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(invoke) = self.table.invoke else {
            return Err(self.failure(status::ABI, "has no kernel"));
        };
        let schemas = schemas_of(&args.arg_fields)?;
        let mut arrays = Vec::with_capacity(args.args.len());
        let mut all_scalar = true;
        for value in &args.args {
            let (array, is_scalar) = match value {
                ColumnarValue::Array(array) => (Arc::clone(array), false),
                ColumnarValue::Scalar(scalar) => (scalar.to_array_of_size(1)?, true),
            };
            all_scalar &= is_scalar;
            arrays.push((FFI_ArrowArray::new(&array.to_data()), is_scalar));
        }
        let kernel_args: Vec<pn_kernel_arg> = schemas
            .iter()
            .zip(&arrays)
            .map(|(schema, (array, is_scalar))| pn_kernel_arg {
                schema: std::ptr::from_ref(schema),
                array: std::ptr::from_ref(array),
                is_scalar: i32::from(*is_scalar),
                reserved: 0,
            })
            .collect();
        let call = pn_kernel_call {
            struct_size: size_of::<pn_kernel_call>() as u32,
            n_args: kernel_args.len() as u32,
            arg_stride: size_of::<pn_kernel_arg>() as u32,
            reserved: 0,
            args: kernel_args.as_ptr(),
            n_rows: args.number_rows as i64,
            stop: std::ptr::null(),
        };
        let mut out = FFI_ArrowArray::empty();
        let mut message = Message::new();
        // SAFETY: all pointers live during the call; plugin.h says what the kernel may do.
        let code = unsafe { invoke(self.table.ctx, &call, &mut out, message.as_mut_ptr(), KERNEL_MESSAGE_BYTES) };
        if code != 0 {
            return Err(self.failure(status::EXEC, &format!("failed: {}", message.text())));
        }
        let array = self.check(out, args.return_field.data_type())?;
        if all_scalar && array.len() == 1 {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
        }
        if array.len() != args.number_rows {
            let why = format!("returned {} rows for {}", array.len(), args.number_rows);
            return Err(self.failure(status::ABI, &why));
        }
        Ok(ColumnarValue::Array(array))
    }

    /// Takes over what a kernel returned, after looking at it.
    fn check(&self, out: FFI_ArrowArray, kind: &DataType) -> Result<ArrayRef> {
        if out.is_released() {
            return Err(self.failure(status::ABI, "returned no array"));
        }
        // Arrow's import asserts the numbers of buffers and children.
        let import = || -> Result<ArrayRef> {
            // SAFETY: the kernel hands over an array of the declared type; the counts are checked by the import and
            // the contents by validate_full, as far as lengths of buffers can be known.
            let mut data = unsafe { from_ffi_and_data_type(out, kind.clone()) }?;
            data.align_buffers();
            data.validate_full()?;
            Ok(make_array(data))
        };
        let imported = catch_unwind(AssertUnwindSafe(import));
        let imported = imported.unwrap_or_else(|payload| Err(crate::guard::panic_failure(payload)));
        imported.map_err(|e| self.failure(status::ABI, &format!("returned a wrong {kind} array: {}", e.message)))
    }
}

impl ScalarUDFImpl for PackFunction {
    fn name(&self) -> &str {
        &self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DfResult<DataType> {
        let unknown = || self.failure(status::PLAN, "needs its argument fields to tell the return type").into();
        self.returns.clone().ok_or_else(unknown)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> DfResult<FieldRef> {
        match &self.returns {
            Some(kind) => Ok(Arc::new(Field::new(&self.name, kind.clone(), true))),
            None => Ok(Arc::new(self.ask_return_field(&args)?)),
        }
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> DfResult<Vec<DataType>> {
        let n = arg_types.len();
        if n < self.min_args || (!self.variadic && n > self.max_args) || (self.variadic && n > self.max_args.max(1)) {
            let why = format!("takes {} to {} arguments, not {n}", self.min_args, self.max_args);
            return Err(self.failure(status::PLAN, &why).into());
        }
        let coerce = |(i, kind): (usize, &DataType)| {
            coerced(self.format_of(i), kind).ok_or_else(|| {
                let why = format!("does not take {kind} as argument {}", i + 1);
                self.failure(status::PLAN, &why).into()
            })
        };
        arg_types.iter().enumerate().map(coerce).collect()
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DfResult<ColumnarValue> {
        Ok(self.call(&args)?)
    }
}

fn schemas_of(fields: &[FieldRef]) -> Result<Vec<FFI_ArrowSchema>> {
    let schemas: std::result::Result<Vec<_>, _> =
        fields.iter().map(|field| FFI_ArrowSchema::try_from(field.as_ref())).collect();
    Ok(schemas?)
}

/// The type of an Arrow C format string without children.
fn type_of_format(format: &str) -> Result<DataType> {
    let schema = FFI_ArrowSchema::try_new(format, Vec::new(), None)?;
    Ok(DataType::try_from(&schema)?)
}

/// What an argument format of plugin.h is coerced to; None = left as it is.
fn wanted_type(format: &str) -> Result<Option<DataType>> {
    match format {
        "*" => Ok(None),
        "s" | "t" => Ok(Some(DataType::Utf8)),
        other => type_of_format(other).map(Some),
    }
}

/// The type an argument is cast to, or None when it does not fit.
fn coerced(format: &str, kind: &DataType) -> Option<DataType> {
    let wanted = match wanted_type(format).ok()? {
        None => return Some(kind.clone()),
        Some(wanted) => wanted,
    };
    let plain = match kind {
        DataType::Dictionary(_, value) => value.as_ref(),
        other => other,
    };
    let fits = match format {
        "t" => true,
        "s" => plain.is_string(),
        "l" | "i" => plain.is_integer(),
        "g" => plain.is_numeric(),
        "b" => *plain == DataType::Boolean,
        _ => {
            *plain == wanted
                || (plain.is_string() && wanted.is_string())
                || (plain.is_binary() && wanted.is_binary())
                || (plain.is_numeric() && wanted.is_numeric())
                || (plain.is_temporal() && wanted.is_temporal())
        }
    };
    (fits || plain.is_null()).then_some(wanted)
}

/// The buffer a kernel writes its complaint into.
struct Message([c_char; KERNEL_MESSAGE_BYTES]);

impl Message {
    fn new() -> Self {
        Message([0; KERNEL_MESSAGE_BYTES])
    }

    fn as_mut_ptr(&mut self) -> *mut c_char {
        self.0.as_mut_ptr()
    }

    fn text(&self) -> String {
        let bytes = self.0.iter().map(|c| *c as u8).take_while(|byte| *byte != 0).collect();
        String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
    }
}

/// Reads `n` texts, or up to a NULL.
///
/// # Safety
/// `list` is NULL, or holds `n` texts or ends with NULL.
unsafe fn texts(list: *const *const c_char, n: Option<usize>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    if list.is_null() {
        return Ok(found);
    }
    loop {
        if n == Some(found.len()) {
            return Ok(found);
        }
        // SAFETY: the caller's promise.
        let text = unsafe { *list.add(found.len()) };
        if n.is_none() && text.is_null() {
            return Ok(found);
        }
        // SAFETY: the caller's promise.
        found.push(unsafe { view::text(text, "text in a function table")? }.to_owned());
    }
}

/// Reads the table of a pack.
///
/// # Safety
/// `plugin` is NULL or a valid pack that outlives every session it is added to.
unsafe fn read_pack(plugin: *const pn_plugin, digest: &str) -> Result<Vec<ScalarUDF>> {
    // SAFETY: the caller's promise, here and below.
    let Some(pack) = (unsafe { plugin.as_ref() }) else {
        return Err(Failure::new(status::INVALID, "the pack is NULL"));
    };
    if pack.abi_major != ABI_MAJOR || pack.abi_minor_min > ABI_MINOR {
        let text = format!(
            "a pack needs plugin interface {}.{}, this engine has {ABI_MAJOR}.{ABI_MINOR}",
            pack.abi_major, pack.abi_minor_min
        );
        return Err(Failure::new(status::ABI, text));
    }
    // SAFETY: the caller's promise.
    let name = unsafe { view::text(pack.name, "name of the pack")? };
    let stride = pack.udf_stride as usize;
    if (pack.struct_size as usize) < size_of::<pn_plugin>() || stride < size_of::<pn_udf>() {
        let text = format!(
            "pack '{name}' has tables of {} and {stride} bytes, at least {} and {} are needed",
            pack.struct_size,
            size_of::<pn_plugin>(),
            size_of::<pn_udf>()
        );
        return Err(Failure::new(status::ABI, text));
    }
    let mut functions = Vec::new();
    for i in 0..pack.n_udfs as usize {
        // SAFETY: the table has n_udfs rows, `stride` bytes apart.
        let row = unsafe { &*pack.udfs.byte_add(i * stride) };
        // SAFETY: the caller's promise.
        let function = unsafe { PackFunction::read(name, digest, row)? };
        functions.push(ScalarUDF::from(function));
    }
    Ok(functions)
}

/// Adds the functions of a pack to a session, in both spaces; a function of the same name is replaced.
///
/// `digest` is the identity of the pack: functions of the same name and digest are equal. The pack must stay loaded as
/// long as the session and what was made from it. ABI: the table does not fit, with the reason.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_session_add_functions(
    session: *const pne_session,
    plugin: *const pn_plugin,
    digest: *const c_char,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        // SAFETY: the caller passes NUL-terminated text and a valid pack.
        let functions = unsafe { read_pack(plugin, view::text(digest, "digest of the pack")?)? };
        session.content.add_functions(functions)
    })
}
