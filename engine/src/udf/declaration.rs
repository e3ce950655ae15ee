//! What every kind of function says about itself: name, ways to call it, result, defaults. Two functions are equal when
//! name and digest of the pack are, so plans can be compared.

use std::ffi::c_char;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::arrow::ffi::FFI_ArrowSchema;
use datafusion::logical_expr::{Documentation, Signature, TypeSignature, Volatility};
use datafusion::scalar::ScalarValue;

use super::doc;
use super::format::{self, Default, Form, type_of_format};
use super::kernel::{MESSAGE_BYTES, Message, Scalars, Schemas};
use super::options::OptionKinds;
use crate::error::{Failure, Result, status};
use crate::plugin::{NULLS_PROPAGATED, SIGNATURE_VARIADIC, UDF_ASYNC, UDF_SHORT_CIRCUITS, pn_signature, pn_udf};
use crate::view;

/// Argument lists longer than this are a mistake in a pack.
const MAX_ARGS: u32 = 1024;

/// The declaration of one function of a pack.
#[derive(Debug)]
pub struct Declaration {
    pub pack: String,
    pub name: String,
    pub aliases: Vec<String>,
    digest: String,
    pub signature: Signature,
    /// The own form, then the alternatives.
    forms: Vec<Form>,
    /// One per optional argument of the own form, or none at all.
    defaults: Vec<Default>,
    /// None: the pack's return_type decides; table functions have neither.
    returns: Option<DataType>,
    pub documentation: Option<Documentation>,
    pub table: pn_udf,
}

// SAFETY: pinion/plugin.h demands that functions are callable from many threads, with the `ctx` of the table.
unsafe impl Send for Declaration {}
// SAFETY: as above.
unsafe impl Sync for Declaration {}

impl PartialEq for Declaration {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.digest == other.digest
    }
}

impl Eq for Declaration {}

impl Hash for Declaration {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.name, &self.digest).hash(state);
    }
}

impl Declaration {
    /// Copies one row of the table.
    ///
    /// # Safety
    /// `row` is NULL or a pn_udf that src/udf/packs/check.c found right, whose pack outlives the session.
    pub unsafe fn read(pack: &str, digest: &str, row: *const pn_udf, options: &OptionKinds) -> Result<Arc<Self>> {
        // SAFETY: the caller's promise, here and below.
        let Some(row) = (unsafe { row.as_ref() }) else {
            return Err(Failure::new(status::ABI, format!("a function of pack '{pack}' has no declaration")));
        };
        // SAFETY: as above.
        let name = unsafe { view::text(row.name, "function name")? }.to_owned();
        // SAFETY: as above.
        let read = unsafe { Self::read_named(pack, digest, &name, row, options) };
        read.map(Arc::new).map_err(|e| e.context(&format!("function '{name}' of pack '{pack}'")))
    }

    unsafe fn read_named(pack: &str, digest: &str, name: &str, row: &pn_udf, options: &OptionKinds) -> Result<Self> {
        let volatility = match row.volatility {
            0 => Volatility::Immutable,
            1 => Volatility::Stable,
            2 => Volatility::Volatile,
            other => return Err(Failure::new(status::ABI, format!("it has the unknown volatility {other}"))),
        };
        // SAFETY: the caller's promise, here and below.
        let mut forms =
            vec![unsafe { form(row.signature, row.min_args, row.max_args, row.n_arg_formats, row.arg_formats)? }];
        for i in 0..row.n_alternatives as usize {
            // SAFETY: the table has n_alternatives rows, a stride apart.
            let other: &pn_signature = unsafe { &*row.alternatives.byte_add(i * row.alternative_stride as usize) };
            // SAFETY: as above.
            let made =
                unsafe { form(other.kind, other.min_args, other.max_args, other.n_arg_formats, other.arg_formats)? };
            forms.push(made);
        }
        let returns = if row.return_format.is_null() {
            None
        } else {
            // SAFETY: as above.
            Some(type_of_format(unsafe { view::text(row.return_format, "return type")? })?)
        };
        let own = &forms[0];
        let mut defaults = Vec::new();
        if !row.arg_defaults.is_null() {
            let count = own.formats.len().saturating_sub(own.min_args);
            // SAFETY: the table holds a text per optional argument.
            for text in unsafe { texts(row.arg_defaults, Some(count))? } {
                defaults.push(Default::parse(&text, options)?);
            }
        }
        // SAFETY: the table holds a name per argument format, or none.
        let names = unsafe { texts(row.arg_names, Some(own.formats.len()))? };
        // SAFETY: the caller's promise.
        let documentation = unsafe { doc::read(row, name, &names)? };
        let mut signature = Signature::user_defined(volatility);
        if !names.is_empty() {
            signature = signature.with_parameter_names(names)?;
        }
        Ok(Declaration {
            pack: pack.to_owned(),
            name: name.to_owned(),
            // SAFETY: aliases end with NULL.
            aliases: unsafe { texts(row.aliases, None)? },
            digest: digest.to_owned(),
            signature,
            forms,
            defaults,
            returns,
            documentation,
            table: *row,
        })
    }

    pub fn failure(&self, code: i32, why: &str) -> Failure {
        Failure::new(code, format!("function '{}' of pack '{}' {why}", self.name, self.pack))
    }

    pub fn has_defaults(&self) -> bool {
        !self.defaults.is_empty()
    }

    pub fn short_circuits(&self) -> bool {
        self.table.flags & UDF_SHORT_CIRCUITS != 0
    }

    pub fn is_async(&self) -> bool {
        self.table.flags & UDF_ASYNC != 0
    }

    pub fn propagates_nulls(&self) -> bool {
        self.table.null_handling == NULLS_PROPAGATED
    }

    /// Whether the pack demands a literal as argument `i`.
    pub fn wants_literal(&self, i: usize) -> bool {
        i < 64 && self.table.literal_args >> i & 1 == 1
    }

    /// PLAN names the first argument that must be a literal and is none. src/engine/error.c takes the number out.
    pub fn check_literals(&self, is_literal: impl Iterator<Item = bool>) -> Result<()> {
        match is_literal.enumerate().find(|(i, is_literal)| self.wants_literal(*i) && !is_literal) {
            None => Ok(()),
            Some((i, _)) => {
                let names = self.signature.parameter_names.as_deref().unwrap_or_default();
                let named = names.get(i).map_or_else(String::new, |name| format!(", '{name}',"));
                let why = format!("refuses its arguments: PN5120: argument {}{named} must be a literal", i + 1);
                Err(self.failure(status::PLAN, &why))
            }
        }
    }

    /// Calls `kernel` with a place for its complaint.
    pub fn run(&self, kernel: impl FnOnce(*mut c_char, usize) -> i32) -> Result<()> {
        let mut message = Message::new();
        match kernel(message.as_mut_ptr(), MESSAGE_BYTES) {
            0 => Ok(()),
            _ => Err(self.failure(status::EXEC, &format!("failed: {}", message.text()))),
        }
    }

    /// The types the arguments are cast to, by the first form that takes them.
    pub fn coerce(&self, kinds: &[DataType]) -> Result<Vec<DataType>> {
        let mut misfit = None;
        for form in &self.forms {
            match form.coerce(kinds) {
                Ok(made) => return Ok(made),
                Err(at) => misfit = misfit.or(at),
            }
        }
        let why = match misfit {
            Some(i) => format!("does not take {} as argument {}", kinds[i], i + 1),
            None => format!("takes {} arguments, not {}", self.arities(), kinds.len()),
        };
        Err(self.failure(status::PLAN, &why))
    }

    /// The forms as lists of types, for functions that the engine coerces by itself.
    pub fn exact_signature(&self) -> Result<Signature> {
        let mut lists = Vec::new();
        for form in &self.forms {
            for n in form.min_args..=form.max_args {
                lists.push(match n {
                    0 => TypeSignature::Nullary,
                    _ => TypeSignature::Exact(form.types(n).ok_or_else(|| {
                        self.failure(status::ABI, "may wait, so its arguments are of one flat type each")
                    })?),
                });
            }
        }
        let mut signature = Signature::one_of(lists, self.signature.volatility);
        signature.parameter_names = self.signature.parameter_names.clone();
        Ok(signature)
    }

    fn arities(&self) -> String {
        let arity = |form: &Form| match (form.min_args, form.max_args) {
            (least, most) if least == most => least.to_string(),
            (least, most) => format!("{least} to {most}"),
        };
        self.forms.iter().map(arity).collect::<Vec<_>>().join(" or ")
    }

    /// What the arguments from `kinds.len()` on are, when the own form takes those given.
    pub fn missing(&self, kinds: &[DataType]) -> &[Default] {
        let own = &self.forms[0];
        if own.coerce(kinds).is_err() {
            return &[];
        }
        self.defaults.get(kinds.len() - own.min_args..).unwrap_or_default()
    }

    /// The result's field; missing arguments count as their defaults.
    pub fn return_field(&self, args: &[FieldRef], scalars: &[Option<&ScalarValue>]) -> Result<FieldRef> {
        if let Some(kind) = &self.returns {
            return Ok(Arc::new(Field::new(&self.name, kind.clone(), true)));
        }
        let kinds: Vec<DataType> = args.iter().map(|field| field.data_type().clone()).collect();
        let mut values: Vec<Option<&ScalarValue>> = scalars.to_vec();
        values.resize(args.len(), None);
        let mut fields = args.to_vec();
        for default in self.missing(&kinds) {
            let (kind, value) = match default {
                Default::Literal(value) => (value.data_type(), Some(value)),
                Default::Option(_, kind) => (kind.clone(), None),
            };
            fields.push(Arc::new(Field::new("", kind, true)));
            values.push(value);
        }
        Ok(Arc::new(self.ask_return_field(&fields, &values)?))
    }

    /// As `return_field`, of types alone.
    pub fn return_type(&self, kinds: &[DataType]) -> Result<DataType> {
        let field = |kind: &DataType| Arc::new(Field::new("", kind.clone(), true));
        let fields: Vec<FieldRef> = kinds.iter().map(field).collect();
        Ok(self.return_field(&fields, &[])?.data_type().clone())
    }

    fn ask_return_field(&self, fields: &[FieldRef], values: &[Option<&ScalarValue>]) -> Result<Field> {
        let Some(return_type) = self.table.return_type else {
            return Err(self.failure(status::ABI, "declares no return type"));
        };
        let schemas = Schemas::new(fields)?;
        let scalars = Scalars::new(values.iter().copied())?;
        let (schema_ptrs, scalar_ptrs) = (schemas.pointers(), scalars.pointers(fields.len()));
        let mut out = FFI_ArrowSchema::empty();
        let mut message = Message::new();
        // SAFETY: all pointers live during the call; plugin.h says what the function may do.
        let code = unsafe {
            return_type(
                self.table.ctx,
                schema_ptrs.as_ptr(),
                scalar_ptrs.as_ptr(),
                schema_ptrs.len() as u32,
                &mut out,
                message.as_mut_ptr(),
                MESSAGE_BYTES,
            )
        };
        if code != 0 {
            return Err(self.failure(status::PLAN, &format!("refuses its arguments: {}", message.text())));
        }
        if out.release.is_none() {
            return Err(self.failure(status::ABI, "gave no return type"));
        }
        let field = crate::guard::catch(|| Ok(Field::try_from(&out)?))
            .map_err(|e| self.failure(status::ABI, &format!("gave a wrong return type: {}", e.message)))?;
        Ok(field.with_name(&self.name))
    }
}

unsafe fn form(kind: i32, min: u32, max: u32, n: u32, formats: *const *const c_char) -> Result<Form> {
    if max > MAX_ARGS || n > MAX_ARGS || min > max {
        return Err(Failure::new(status::ABI, format!("it declares {min} to {max} arguments")));
    }
    // SAFETY: the caller passes `n` texts.
    let formats = unsafe { texts(formats, Some(n as usize))? };
    for text in &formats {
        format::known(text).map_err(|e| e.context(&format!("it has the argument type '{text}'")))?;
    }
    let variadic = kind == SIGNATURE_VARIADIC;
    if variadic && n == 0 || !variadic && n != max {
        return Err(Failure::new(status::ABI, format!("it has {n} argument types for {max} arguments")));
    }
    Ok(Form { min_args: min as usize, max_args: max as usize, formats })
}

/// Reads `n` texts, or up to a NULL.
///
/// # Safety
/// `list` is NULL, or holds `n` texts or ends with NULL.
pub unsafe fn texts(list: *const *const c_char, n: Option<usize>) -> Result<Vec<String>> {
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
