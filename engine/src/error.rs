//! Failures: one status per root variant of the errors of DataFusion, delta-rs, Arrow, Parquet and object_store.
//!
//! Wrappers (Context, Shared, Collection, External, …) are opened first. The message is one line that names the
//! object; the detail is the engine's text, cut to its first and last 700 bytes; the log callback gets all of it.

use std::error::Error as StdError;
use std::ffi::c_char;
use std::sync::{Arc, LazyLock};

use datafusion::arrow::error::ArrowError;
use datafusion::common::{Column, SchemaError};
use datafusion::error::DataFusionError;
use datafusion::parquet::errors::ParquetError;
use datafusion::sql::sqlparser::parser::ParserError;
use deltalake::DeltaTableError;
use deltalake::kernel::transaction::TransactionError;

use crate::base;
use crate::trouble::trouble_of;

pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// PN_STATUS_MAP of pinion/error.h; tests/abi compares the numbers.
#[allow(dead_code, reason = "the whole list of the header, for C")]
pub mod status {
    pub const OK: i32 = 0;
    pub const INVALID: i32 = 1;
    pub const NOT_FOUND: i32 = 2;
    pub const EXISTS: i32 = 3;
    pub const CONFLICT: i32 = 4;
    pub const UNSUPPORTED: i32 = 5;
    pub const PLAN: i32 = 6;
    pub const EXEC: i32 = 7;
    pub const SCHEMA: i32 = 8;
    pub const DRIFT: i32 = 9;
    pub const CORRUPT: i32 = 10;
    pub const IO: i32 = 11;
    pub const LIMIT: i32 = 12;
    pub const CANCELLED: i32 = 13;
    pub const TIMEOUT: i32 = 14;
    pub const REENTRANT: i32 = 15;
    pub const ABI: i32 = 16;
    pub const PANIC: i32 = 17;
    pub const INTERNAL: i32 = 18;
}

const MESSAGE_BYTES: usize = 256;
const DETAIL_BYTES: usize = 1536;
const HINT_BYTES: usize = 256;
/// How much of a long detail is kept at each end.
const DETAIL_KEPT_BYTES: usize = 700;

/// The caller's error; the same layout as pn_error of pinion/error.h.
#[repr(C)]
pub struct pne_error {
    struct_size: u32,
    status: i32,
    number: i32,
    os_errno: i32,
    message: [c_char; MESSAGE_BYTES],
    detail: [c_char; DETAIL_BYTES],
    hint: [c_char; HINT_BYTES],
}

const _: () = assert!(size_of::<pne_error>() == 2064);
const _: () = assert!(std::mem::offset_of!(pne_error, message) == 16);
const _: () = assert!(std::mem::offset_of!(pne_error, detail) == 272);
const _: () = assert!(std::mem::offset_of!(pne_error, hint) == 1808);

/// What an export reports when it fails.
#[derive(Debug, Clone)]
pub struct Failure {
    pub status: i32,
    /// See trouble.rs; 0 is none.
    pub trouble: i32,
    pub os_errno: i32,
    pub message: String,
    pub detail: String,
    pub hint: String,
}

impl Failure {
    pub fn new(status: i32, message: impl Into<String>) -> Self {
        let text = without_catalogs(&message.into());
        Failure {
            status,
            trouble: 0,
            os_errno: 0,
            message: headline(&text),
            detail: if text.contains('\n') { text } else { String::new() },
            hint: String::new(),
        }
    }

    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = without_catalogs(&detail.into());
        self
    }

    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Says what was being done when it failed.
    pub fn context(mut self, what: &str) -> Self {
        if self.detail.is_empty() {
            self.detail = self.message.clone();
        }
        self.message = format!("{what}: {}", self.message);
        self
    }

    fn with_status(mut self, status: i32) -> Self {
        self.status = status;
        self
    }

    /// Sends the whole text to the log callback.
    pub fn report(&self) {
        base::log(&format!("status {}: {}\n{}", self.status, self.message, self.detail));
    }

    /// Fills the caller's error.
    ///
    /// # Safety
    /// `err` is NULL or points to a writable pne_error.
    pub unsafe fn write_to(&self, err: *mut pne_error) {
        // SAFETY: the caller's promise.
        let Some(err) = (unsafe { err.as_mut() }) else { return };
        err.struct_size = size_of::<pne_error>() as u32;
        err.status = self.status;
        err.number = self.trouble;
        err.os_errno = self.os_errno;
        copy_text(&mut err.message, &shorten(&self.message, MESSAGE_BYTES - 1));
        copy_text(&mut err.detail, &both_ends(&self.detail));
        copy_text(&mut err.hint, &shorten(&self.hint, HINT_BYTES - 1));
    }
}

fn copy_text(target: &mut [c_char], text: &str) {
    target.fill(0);
    for (slot, byte) in target.iter_mut().zip(text.bytes()) {
        *slot = byte as c_char;
    }
}

/// The two catalogs are an implementation detail of the session; nobody typed their names.
fn without_catalogs(text: &str) -> String {
    text.replace("identity.main.", "").replace("run.main.", "")
}

/// What DataFusion puts before a message, asked of DataFusion itself; "Generic" is arrow-rs's and delta-rs's.
static PREFIXES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let none = String::new;
    let parser = Box::new(ParserError::ParserError(none()));
    let schema = Box::new(SchemaError::AmbiguousReference { field: Box::new(Column::from_name("")) });
    let errors = [
        DataFusionError::Internal(none()),
        DataFusionError::Plan(none()),
        DataFusionError::NotImplemented(none()),
        DataFusionError::Execution(none()),
        DataFusionError::Configuration(none()),
        DataFusionError::ResourcesExhausted(none()),
        DataFusionError::Substrait(none()),
        DataFusionError::External(none().into()),
        DataFusionError::SQL(parser, None),
        DataFusionError::SchemaError(schema, Box::new(None)),
    ];
    let prefix = |error: &DataFusionError| error.to_string().split_inclusive(": ").next().map(str::to_owned);
    errors.iter().filter_map(prefix).chain(["Generic error: ".to_owned()]).collect()
});

/// The first line, without the prefixes the engines add, starting in lower case, without a period at the end.
fn headline(text: &str) -> String {
    let mut line = text.trim().lines().next().unwrap_or_default().trim();
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| line.strip_prefix(prefix.as_str())) {
        line = rest;
    }
    let line = line.trim_end_matches('.');
    let mut chars = line.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => line.to_owned(),
    }
}

/// Cuts at a character boundary, marking the cut.
fn shorten(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(max - '…'.len_utf8())])
}

fn both_ends(text: &str) -> String {
    if text.len() < DETAIL_BYTES {
        return text.to_owned();
    }
    let head = text.floor_char_boundary(DETAIL_KEPT_BYTES);
    let tail = text.ceil_char_boundary(text.len() - DETAIL_KEPT_BYTES);
    format!("{}\n… {} bytes left out …\n{}", &text[..head], tail - head, &text[tail..])
}

impl From<DataFusionError> for Failure {
    fn from(error: DataFusionError) -> Self {
        let full = without_catalogs(&error.strip_backtrace());
        // A failure of ours comes back as it was.
        let full = full.trim_start_matches("External error: ");
        let mut failure = of_datafusion(&error);
        if failure.detail.is_empty() && full != failure.message {
            failure.detail = full.to_owned();
        }
        failure
    }
}

/// Opens the wrappers and maps the root variant.
fn of_datafusion(error: &DataFusionError) -> Failure {
    use DataFusionError as E;
    match error {
        E::Context(_, inner) | E::Diagnostic(_, inner) => of_datafusion(inner),
        E::Shared(inner) => of_datafusion(inner),
        E::Collection(errors) => match errors.first() {
            Some(first) => of_datafusion(first),
            None => Failure::new(status::INTERNAL, "the engine failed without a reason"),
        },
        E::SQL(parser_error, _) => {
            let text = parser_error.to_string();
            let text = text.trim_start_matches("sql parser error: ");
            let code = if text.contains("recursion limit") { status::LIMIT } else { status::PLAN };
            Failure::new(code, format!("syntax error: {text}"))
        }
        E::Plan(text) | E::Configuration(text) => Failure::new(status::PLAN, text.as_str()),
        E::Internal(text) if text.contains("No suitable object store") => {
            Failure::new(status::UNSUPPORTED, text.lines().next().unwrap_or_default())
        }
        E::SchemaError(schema_error, _) => Failure::new(status::PLAN, schema_error.to_string()),
        E::NotImplemented(text) | E::Substrait(text) => Failure::new(status::UNSUPPORTED, text.as_str()),
        E::ResourcesExhausted(text) => Failure::new(status::LIMIT, text.as_str())
            .with_hint("raise the memory limit, lower the parallelism, or allow spilling to disk"),
        E::Execution(text) | E::Ffi(text) => Failure::new(status::EXEC, text.as_str()),
        E::ArrowError(arrow_error, _) => of_arrow(arrow_error),
        E::ParquetError(parquet_error) => of_parquet(parquet_error),
        E::ObjectStore(store_error) => of_store(store_error),
        E::IoError(io_error) => of_io(io_error),
        E::ExecutionJoin(join_error) => {
            let code = if join_error.is_panic() { status::PANIC } else { status::CANCELLED };
            Failure::new(code, join_error.to_string())
        }
        E::Internal(text) => Failure::new(status::INTERNAL, text.as_str()),
        E::External(source) => of_boxed(source.as_ref(), status::EXEC),
    }
}

/// Looks for an error that is known by type in a chain of sources.
fn of_boxed(error: &(dyn StdError + 'static), otherwise: i32) -> Failure {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(failure) = current.downcast_ref::<Failure>() {
            return failure.clone();
        }
        if let Some(inner) = current.downcast_ref::<DataFusionError>() {
            return of_datafusion(inner);
        }
        if let Some(inner) = current.downcast_ref::<Arc<DataFusionError>>() {
            return of_datafusion(inner);
        }
        if let Some(inner) = current.downcast_ref::<DeltaTableError>() {
            return of_delta(inner);
        }
        if let Some(inner) = current.downcast_ref::<ArrowError>() {
            return of_arrow(inner);
        }
        if let Some(inner) = current.downcast_ref::<ParquetError>() {
            return of_parquet(inner);
        }
        if let Some(inner) = current.downcast_ref::<object_store::Error>() {
            return of_store(inner);
        }
        if let Some(inner) = current.downcast_ref::<std::io::Error>() {
            return of_io(inner);
        }
        next = current.source();
    }
    Failure::new(otherwise, error.to_string())
}

fn of_arrow(error: &ArrowError) -> Failure {
    let code = match error {
        ArrowError::ExternalError(source) => return of_boxed(source.as_ref(), status::EXEC),
        ArrowError::IoError(_, io_error) => return of_io(io_error),
        ArrowError::NotYetImplemented(_) => status::UNSUPPORTED,
        ArrowError::SchemaError(_) => status::SCHEMA,
        ArrowError::IpcError(_) | ArrowError::ParquetError(_) => status::CORRUPT,
        ArrowError::CDataInterface(_) => status::INVALID,
        _ => status::EXEC,
    };
    Failure::new(code, error.to_string())
}

fn of_parquet(error: &ParquetError) -> Failure {
    match error {
        ParquetError::External(source) => of_boxed(source.as_ref(), status::IO),
        ParquetError::NYI(text) => Failure::new(status::UNSUPPORTED, text.as_str()),
        ParquetError::ArrowError(text) => Failure::new(status::EXEC, text.as_str()),
        _ => Failure::new(status::CORRUPT, error.to_string()),
    }
}

fn of_store(error: &object_store::Error) -> Failure {
    use object_store::Error as E;
    let text = error.to_string();
    if let Some((trouble, message)) = trouble_of(error, &text) {
        return Failure { trouble, ..Failure::new(status::IO, message) }.with_detail(text);
    }
    let code = match error {
        E::NotFound { path, source } => {
            return of_boxed(source.as_ref(), status::NOT_FOUND)
                .with_status(status::NOT_FOUND)
                .context(&format!("'{path}' is missing"));
        }
        E::AlreadyExists { .. } => status::EXISTS,
        E::Precondition { .. } | E::NotModified { .. } => status::CONFLICT,
        E::NotSupported { .. } | E::NotImplemented { .. } => status::UNSUPPORTED,
        E::InvalidPath { .. } | E::UnknownConfigurationKey { .. } => status::INVALID,
        E::Generic { source, .. } => {
            let root = of_boxed(source.as_ref(), status::IO);
            return Failure { os_errno: root.os_errno, ..Failure::new(status::IO, text) };
        }
        _ => status::IO,
    };
    Failure::new(code, text)
}

fn of_io(error: &std::io::Error) -> Failure {
    if let Some(inner) = error.get_ref() {
        return of_boxed(inner, status::IO);
    }
    let code = match error.kind() {
        std::io::ErrorKind::NotFound => status::NOT_FOUND,
        std::io::ErrorKind::AlreadyExists => status::EXISTS,
        _ => status::IO,
    };
    Failure { os_errno: error.raw_os_error().unwrap_or(0), ..Failure::new(code, error.to_string()) }
}

impl From<DeltaTableError> for Failure {
    fn from(error: DeltaTableError) -> Self {
        let full = without_catalogs(&error.to_string());
        let mut failure = of_delta(&error);
        if failure.detail.is_empty() && full != failure.message {
            failure.detail = full;
        }
        failure
    }
}

fn of_delta(error: &DeltaTableError) -> Failure {
    use DeltaTableError as E;
    let text = error.to_string();
    let code = match error {
        E::ObjectStore { source } => return of_store(source),
        E::Parquet { source } => return of_parquet(source),
        E::Arrow { source } => return of_arrow(source),
        E::Io { source } => return of_io(source),
        E::GenericError { source } => return of_boxed(source.as_ref(), status::IO),
        E::Transaction { source } => return of_transaction(source),
        E::KernelError(_) | E::Kernel { .. } => status_of_kernel_text(&text),
        E::NotATable(_) | E::InvalidTableLocation(_) | E::InvalidVersion(_) | E::NotInitialized => status::NOT_FOUND,
        E::VersionAlreadyExists(_) | E::VersionMismatch(..) => status::CONFLICT,
        E::InvalidJsonLog { .. } | E::InvalidStatsJson { .. } | E::NoSchema | E::MetadataError(_) => status::CORRUPT,
        E::SchemaMismatch { .. } | E::InvalidData { .. } => status::SCHEMA,
        E::InvalidDateTimeString { .. }
        | E::PartitionError { .. }
        | E::InvalidPartitionFilter { .. }
        | E::VersionDowngrade { .. }
        | E::NoStartingVersionOrTimestamp
        | E::ChangeDataInvalidVersionRange { .. }
        | E::ChangeDataTimestampGreaterThanCommit { .. } => status::INVALID,
        E::MissingFeature { .. }
        | E::UnsupportedColumnMapping { .. }
        | E::ChangeDataNotRecorded { .. }
        | E::ChangeDataNotEnabled { .. } => status::UNSUPPORTED,
        E::Generic(_) => status_of_generic_text(&text),
        E::CommitValidation { .. } | E::SerializeLogJson { .. } | E::NotInitializedWithFiles(_) => status::INTERNAL,
    };
    Failure::new(code, text)
}

fn of_transaction(error: &TransactionError) -> Failure {
    use TransactionError as E;
    let code = match error {
        E::ObjectStore { source } => return of_store(source),
        E::VersionAlreadyExists(_) | E::CommitConflict(_) | E::MaxCommitAttempts(_) => status::CONFLICT,
        E::UnsupportedTableFeatures(_) | E::TableFeaturesRequired(_) => status::UNSUPPORTED,
        E::DeltaTableAppendOnly => status::INVALID,
        E::SerializeLogJson { .. } => status::INTERNAL,
        E::LogStoreError { .. } => status::IO,
    };
    Failure::new(code, error.to_string())
}

/// delta-rs does not re-export the kernel's error type, so its published texts decide.
fn status_of_kernel_text(text: &str) -> i32 {
    const TABLE: [(&str, i32); 12] = [
        ("No table version found", status::NOT_FOUND),
        ("File not found", status::NOT_FOUND),
        ("Invalid table location", status::NOT_FOUND),
        ("No files in log segment", status::NOT_FOUND),
        ("end version", status::NOT_FOUND),
        ("Unsupported", status::UNSUPPORTED),
        ("not supported", status::UNSUPPORTED),
        ("unsupported", status::UNSUPPORTED),
        ("object store", status::IO),
        ("Cancelled", status::CANCELLED),
        ("cancelled", status::CANCELLED),
        ("timestamp", status::NOT_FOUND),
    ];
    let known = TABLE.iter().find(|(part, _)| text.contains(part));
    known.map_or(status::CORRUPT, |(_, code)| *code)
}

fn status_of_generic_text(text: &str) -> i32 {
    if text.contains("already exists") {
        status::EXISTS
    } else if text.contains("not supported") || text.contains("not yet supported") {
        status::UNSUPPORTED
    } else if text.contains("artition column") || text.contains("chema") {
        status::SCHEMA
    } else {
        status::IO
    }
}

impl From<object_store::Error> for Failure {
    fn from(error: object_store::Error) -> Self {
        of_store(&error)
    }
}

impl From<ArrowError> for Failure {
    fn from(error: ArrowError) -> Self {
        of_arrow(&error)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.detail.is_empty() { &self.message } else { &self.detail })
    }
}

impl StdError for Failure {}

/// Lets a failure of ours pass through code that returns DataFusion's error, and be found again by type.
impl From<Failure> for DataFusionError {
    fn from(failure: Failure) -> Self {
        DataFusionError::External(Box::new(failure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrappers_are_opened_and_roots_decide() {
        let plan = || DataFusionError::Plan("table 'run.main.t' not found.\nmore".to_owned());
        let wrapped = DataFusionError::Context("rule".into(), Box::new(DataFusionError::Shared(Arc::new(plan()))));
        let failure = Failure::from(wrapped);
        assert_eq!((failure.status, failure.message.as_str()), (status::PLAN, "table 't' not found"));
        let arrow = ArrowError::ExternalError(Box::new(DataFusionError::ResourcesExhausted("full".into())));
        assert_eq!(Failure::from(DataFusionError::from(arrow)).status, status::LIMIT);
        assert_eq!(Failure::from(DeltaTableError::VersionAlreadyExists(3)).status, status::CONFLICT);
        let missing = std::io::Error::from_raw_os_error(2);
        let failure = Failure::from(DataFusionError::IoError(missing));
        assert_eq!((failure.status, failure.os_errno), (status::NOT_FOUND, 2));
    }

    #[test]
    fn failures_of_ours_survive_the_engines_error_type() {
        let failure = Failure::new(status::EXEC, "function 'f' failed").with_hint("h");
        let back = Failure::from(DataFusionError::from(failure));
        assert_eq!((back.status, back.detail.as_str(), back.hint.as_str()), (status::EXEC, "", "h"));
    }

    #[test]
    fn texts_are_cut_on_character_boundaries() {
        assert_eq!(shorten("äöü", 6), "äöü");
        assert_eq!(shorten("äöüä", 6), "ä…");
        let cut = both_ends(&"é".repeat(2000));
        assert!(cut.len() < DETAIL_BYTES && cut.contains("bytes left out"), "{}", cut.len());
    }
}
