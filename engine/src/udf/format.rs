//! Argument formats of plugin.h: what fits them and what it is cast to.

use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::ffi::FFI_ArrowSchema;
use datafusion::scalar::ScalarValue;

use super::options::OptionKinds;
use crate::error::{Failure, Result, status};

/// One way to call a function.
#[derive(Debug, Clone)]
pub struct Form {
    pub min_args: usize,
    pub max_args: usize,
    pub formats: Vec<String>,
}

impl Form {
    /// The types the arguments are cast to. Err: None when their number is wrong, else the first that does not fit.
    pub fn coerce(&self, kinds: &[DataType]) -> std::result::Result<Vec<DataType>, Option<usize>> {
        if kinds.len() < self.min_args || kinds.len() > self.max_args {
            return Err(None);
        }
        let last = self.formats.len().saturating_sub(1);
        let cast = |(i, kind): (usize, &DataType)| coerced(&self.formats[i.min(last)], kind).ok_or(Some(i));
        kinds.iter().enumerate().map(cast).collect()
    }
}

impl Form {
    /// The types of `n` arguments; None when one is not of one flat type.
    pub fn types(&self, n: usize) -> Option<Vec<DataType>> {
        let last = self.formats.len().saturating_sub(1);
        let kind = |i: usize| match self.formats[i.min(last)].as_str() {
            "*" | "+l" | "+s" | "+m" => None,
            "s" | "t" => Some(DataType::Utf8),
            other => type_of_format(other.strip_prefix('=').unwrap_or(other)).ok(),
        };
        (0..n).map(kind).collect()
    }
}

/// What a missing argument is.
#[derive(Debug, Clone)]
pub enum Default {
    Literal(ScalarValue),
    /// The value of this option when the statement is planned, and its type.
    Option(String, DataType),
}

impl Default {
    /// Reads an SQL literal, or `=key`.
    pub fn parse(text: &str, options: &OptionKinds) -> Result<Self> {
        let wrong = || Failure::new(status::ABI, format!("'{text}' is no SQL literal and no option of the pack"));
        if let Some(key) = text.strip_prefix('=') {
            let kind = options.get(key).ok_or_else(wrong)?;
            return Ok(Default::Option(key.to_owned(), kind.clone()));
        }
        let value = match text {
            "NULL" => ScalarValue::Null,
            "true" => ScalarValue::Boolean(Some(true)),
            "false" => ScalarValue::Boolean(Some(false)),
            _ => match text.strip_prefix('\'') {
                Some(rest) => ScalarValue::Utf8(Some(rest.strip_suffix('\'').ok_or_else(wrong)?.replace("''", "'"))),
                None => match text.parse::<i64>() {
                    Ok(number) => ScalarValue::Int64(Some(number)),
                    Err(_) => ScalarValue::Float64(Some(text.parse().map_err(|_| wrong())?)),
                },
            },
        };
        Ok(Default::Literal(value))
    }
}

/// The type of an Arrow C format string without children.
pub fn type_of_format(format: &str) -> Result<DataType> {
    let schema = FFI_ArrowSchema::try_new(format, Vec::new(), None)?;
    Ok(DataType::try_from(&schema)?)
}

/// Whether plugin.h knows the format.
pub fn known(format: &str) -> Result<()> {
    match format {
        "*" | "s" | "t" | "+l" | "+s" | "+m" => Ok(()),
        other => type_of_format(other.strip_prefix('=').unwrap_or(other)).map(drop),
    }
}

/// The type an argument is cast to, or None when it does not fit.
fn coerced(format: &str, kind: &DataType) -> Option<DataType> {
    use DataType as T;
    let as_it_is = |fits: bool| fits.then(|| kind.clone());
    match format {
        "*" => return as_it_is(true),
        "+l" => {
            return as_it_is(matches!(
                kind,
                T::List(_) | T::LargeList(_) | T::FixedSizeList(..) | T::ListView(_) | T::LargeListView(_)
            ));
        }
        "+s" => return as_it_is(matches!(kind, T::Struct(_))),
        "+m" => return as_it_is(matches!(kind, T::Map(..))),
        _ => {}
    }
    if let Some(exact) = format.strip_prefix('=') {
        let wanted = type_of_format(exact).ok()?;
        return (*kind == wanted || kind.is_null()).then_some(wanted);
    }
    let wanted = if matches!(format, "s" | "t") { T::Utf8 } else { type_of_format(format).ok()? };
    let plain = match kind {
        T::Dictionary(_, value) => value.as_ref(),
        other => other,
    };
    let fits = match format {
        "t" => true,
        "s" => plain.is_string(),
        "l" | "i" => plain.is_integer(),
        "g" => plain.is_numeric(),
        "b" => *plain == T::Boolean,
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
