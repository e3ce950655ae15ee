//! Tables: opened datasets, streams of the caller, schema stubs and plans, all as one kind of handle.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::ffi::FFI_ArrowSchema;
use datafusion::arrow::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use datafusion::catalog::TableProvider;
use datafusion::datasource::{MemTable, ViewTable};
use deltalake::DeltaTable;
use serde_json::{Value, json};

use crate::caches;
use crate::cancel::{self, Cancel, pne_cancel};
use crate::changes::{self, Window};
use crate::delta::{self, DeltaSpec};
use crate::error::{Failure, Result, pne_error, status};
use crate::guard::{guard_free, guard_on};
use crate::handle::{Handle, handle};
use crate::optimise::REPLAYED;
use crate::plan::pne_plan;
use crate::session::{Session, Space, pne_session};
use crate::source::{self, FileSpec};
use crate::stub::{OneShot, StubTable};
use crate::udf::{PackTable, Provider};
use crate::view::{self, Fields, pne_sink};

pub struct Table {
    pub provider: Arc<dyn TableProvider>,
    session: Arc<Session>,
    format: &'static str,
    delta: Option<DeltaTable>,
    /// Of changes: what was made of the window.
    changes: Option<Value>,
    /// What a pack's table says it is a version of.
    version: Option<String>,
}

handle!(pne_table, Table, "table");

impl Table {
    pub fn new(session: Arc<Session>, format: &'static str, provider: Arc<dyn TableProvider>) -> Self {
        Table { provider, session, format, delta: None, changes: None, version: None }
    }
}

/// Reads the spec of pne_table_open and opens what it says.
fn open(
    session: Arc<Session>,
    mut spec: Fields<'_>,
    schema: Option<SchemaRef>,
    cancel: Option<&Cancel>,
) -> Result<Table> {
    let format = spec.required("format")?;
    if let Some(provider) = session.provider(&format) {
        return open_provided(session, &provider, spec, cancel);
    }
    if format.contains('.') {
        let text = format!("no pack has a table provider '{format}'");
        return Err(Failure::new(status::NOT_FOUND, text).with_hint("load the pack that has it"));
    }
    let uri = spec.required("uri")?;
    let paths = spec.strings("paths")?;
    let files = spec.strings("files")?;
    let version = spec.number("version")?;
    let timestamp = spec.string("timestamp")?;
    let storage_options = spec.texts("storage_options")?;
    let options = spec.object("options")?;
    spec.finish()?;

    let opened = Arc::clone(&session);
    if format == "delta" {
        let spec = DeltaSpec { uri, version, timestamp, files, storage_options };
        return session.engine().clone().plan_async(cancel, move || open_delta(opened, spec));
    }
    if format == "cache" {
        let provider = caches::table(&uri)?;
        return Ok(Table::new(session, "cache", provider));
    }
    if format == "delta_add_actions" {
        let shown = Fields::new(options, "options of the table").required("table_uri")?;
        let spec = DeltaSpec { uri, version, timestamp, files, storage_options };
        return session.engine().clone().plan_async(cancel, move || open_add_actions(opened, spec, shown));
    }
    if format == "delta_cdf" {
        let spec = DeltaSpec { uri, version, timestamp, files, storage_options };
        let window = Window::read(Fields::new(options, "options of the table"))?;
        return session.engine().clone().plan_async(cancel, move || open_changes(opened, spec, window));
    }
    if version.is_some() || timestamp.is_some() || files.is_some() {
        let text = format!("'{uri}' is a {format} dataset; version, timestamp and files are for delta");
        return Err(Failure::new(status::INVALID, text));
    }
    let spec = FileSpec { format, uri, paths, schema, storage_options };
    session.engine().clone().plan_async(cancel, move || async move {
        let state = opened.state(Space::Run);
        let format = format_name(&spec.format);
        let provider = source::open(&state, spec, Fields::new(options, "options of the table")).await?;
        Ok(Table::new(opened, format, provider))
    })
}

/// A table of a pack's provider: it gets the options, with the uri among them.
fn open_provided(
    session: Arc<Session>,
    provider: &Arc<Provider>,
    mut spec: Fields<'_>,
    cancel: Option<&Cancel>,
) -> Result<Table> {
    let mut options = spec.object("options")?;
    if let Some(uri) = spec.string("uri")? {
        options.insert("uri".to_owned(), uri.into());
    }
    spec.finish()?;
    let text = Value::Object(options).to_string();
    let provider = Arc::clone(provider);
    session.engine().clone().plan_job(cancel, move || {
        let opened = provider.open(&text)?;
        let version = opened.version().map(str::to_owned);
        let table = Table::new(session, "pack", Arc::new(PackTable(opened)));
        Ok(Table { version, ..table })
    })
}

fn format_name(format: &str) -> &'static str {
    ["arrow", "csv", "json", "parquet"].into_iter().find(|name| *name == format).unwrap_or("unknown")
}

async fn open_delta(session: Arc<Session>, spec: DeltaSpec) -> Result<Table> {
    let delta = delta::load(&spec).await?;
    let state = session.state(Space::Run);
    let provider = delta::provider(&delta, &state, spec.files).await?;
    let mut table = Table::new(session, "delta", provider);
    table.delta = Some(delta);
    Ok(table)
}

async fn open_changes(session: Arc<Session>, spec: DeltaSpec, window: Window) -> Result<Table> {
    let state = session.state(Space::Run);
    let (delta, provider, changes) = changes::open(&spec, window, &state).await?;
    let table = Table::new(session, "delta_cdf", provider);
    Ok(Table { delta: Some(delta), changes: Some(changes), ..table })
}

async fn open_add_actions(session: Arc<Session>, spec: DeltaSpec, table_uri: String) -> Result<Table> {
    let delta = delta::load(&spec).await?;
    let provider = delta::add_actions(&delta, &table_uri)?;
    Ok(Table { delta: Some(delta), ..Table::new(session, "delta_add_actions", provider) })
}

/// Opens a dataset.
///
/// `spec_json`: {"format":"delta|delta_cdf|delta_add_actions|cache|parquet|csv|json|arrow", "uri":"/abs/path or URL",
/// "paths":["/abs/file or URL", …] instead of listing a folder, "version":"n", "timestamp":"RFC 3339",
/// "files":["relative/path", …] of a Delta version, "storage_options":{}, "options":{"delimiter", "has_header", "quote",
/// "escape", "null_regex", "newlines_in_values", "compression":"gzip|bzip2|xz|zstd|none", "schema_infer_max_records",
/// "partition_by":["name:type", …], "file_extension"; of delta_cdf "start_version", "start_timestamp", "end_version",
/// "end_timestamp"; of delta_add_actions, the files of a version as rows, "table_uri" as they shall show it}}. json is
/// newline-delimited. A folder is listed recursively and filtered by extension. The format cache is the session's cache
/// "uri", as it is whenever it is scanned.
/// "pack.provider" as the format is a table of a pack: its provider gets the options with "uri" among them, as JSON.
/// `schema`: NULL to infer; borrowed. NOT_FOUND: the file, folder, table, version or provider is missing. INVALID names a bad key.
/// `cancel` may be NULL; once it fires this returns, and what it asked a store or a pack ends by itself. `*out` is owned by the
/// caller: pne_table_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_table_open(
    session: *const pne_session,
    spec_json: *const c_char,
    schema: *const FFI_ArrowSchema,
    cancel: *const pne_cancel,
    out: *mut *mut pne_table,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        // SAFETY: the caller passes NUL-terminated text, NULL or a live schema, and NULL or a live token.
        let (spec, schema, cancel) =
            unsafe { (view::json_object(spec_json, "table spec")?, view::schema(schema)?, cancel::optional(cancel)?) };
        let table = open(Arc::clone(&session.content), Fields::new(spec, "table spec"), schema, cancel.as_deref())?;
        // SAFETY: the caller passes NULL or a writable place.
        unsafe { pne_table::new(Arc::new(table)).give(out) }
    })
}

/// Makes a table of an Arrow stream, which is always consumed, on failure too.
///
/// `mode` 0 reads it into memory now; 1 keeps it and pulls lazily, so that one scan can read it, once: a second one
/// fails with EXEC. `*out` is owned by the caller: pne_table_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_table_from_stream(
    session: *const pne_session,
    stream: *mut FFI_ArrowArrayStream,
    mode: i32,
    out: *mut *mut pne_table,
    err: *mut pne_error,
) -> i32 {
    // Taken first: whatever fails later, the stream is released.
    let taken = (!stream.is_null()).then(|| {
        // SAFETY: the caller passes a valid stream and gives it up.
        unsafe { FFI_ArrowArrayStream::from_raw(stream) }
    });
    guard_on(session, err, |session| {
        let stream = taken.ok_or_else(|| Failure::new(status::INVALID, "the stream is NULL"))?;
        let reader = ArrowArrayStreamReader::try_new(stream)?;
        let schema = datafusion::arrow::record_batch::RecordBatchReader::schema(&reader);
        let provider: Arc<dyn TableProvider> = match mode {
            0 => {
                let batches = reader.collect::<std::result::Result<Vec<_>, _>>()?;
                Arc::new(MemTable::try_new(schema, vec![batches])?)
            }
            1 => OneShot::table(reader, schema)?,
            _ => {
                let text = format!("there is no stream mode {mode}; 0 collects, 1 streams");
                return Err(Failure::new(status::INVALID, text));
            }
        };
        let format = if mode == 0 { "memory" } else { "stream" };
        let table = Table::new(Arc::clone(&session.content), format, provider);
        // SAFETY: the caller passes NULL or a writable place.
        unsafe { pne_table::new(Arc::new(table)).give(out) }
    })
}

/// Makes a table that has a schema and keys but no rows, for identity planning; executing it is an error.
///
/// `schema` is borrowed. `constraints_json`: NULL or {"unique":[["a","b"], …], "primary_key":["a", …]}.
/// `*out` is owned by the caller: pne_table_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_table_stub(
    session: *const pne_session,
    schema: *const FFI_ArrowSchema,
    constraints_json: *const c_char,
    out: *mut *mut pne_table,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        // SAFETY: the caller passes NULL or a live schema, and NULL or NUL-terminated text.
        let (schema, constraints) =
            unsafe { (view::schema(schema)?, view::json_object(constraints_json, "constraints")?) };
        let schema = schema.ok_or_else(|| Failure::new(status::INVALID, "the schema is NULL"))?;
        let stub = StubTable::new(schema, constraints)?;
        let table = Table::new(Arc::clone(&session.content), "stub", Arc::new(stub));
        // SAFETY: the caller passes NULL or a writable place.
        unsafe { pne_table::new(Arc::new(table)).give(out) }
    })
}

/// Makes a table of a plan, a view: what reads it plans through it. `*out` is owned by the caller: pne_table_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_table_from_plan(
    plan: *const pne_plan,
    out: *mut *mut pne_table,
    err: *mut pne_error,
) -> i32 {
    guard_on(plan, err, |plan| {
        let session = Arc::clone(plan.content.session());
        let source = Arc::clone(&plan.content);
        let definition = source.replayed.then(|| REPLAYED.to_owned());
        let view = move || Ok(Arc::new(ViewTable::new(source.logical().clone(), definition)));
        let provider = session.engine().plan_job(None, view)?;
        let table = Table::new(session, "view", provider);
        // SAFETY: the caller passes NULL or a writable place.
        unsafe { pne_table::new(Arc::new(table)).give(out) }
    })
}

/// Writes the schema of a table into released storage; the caller releases it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_table_schema(
    table: *const pne_table,
    out: *mut FFI_ArrowSchema,
    err: *mut pne_error,
) -> i32 {
    // SAFETY: the caller passes NULL or writable storage.
    guard_on(table, err, |table| unsafe { view::put_schema(out, &table.content.provider.schema()) })
}

/// Gives JSON: {"format", "delta":null or {"table_id", "version", "timestamp_ms", "min_reader_version",
/// "min_writer_version", "reader_features", "writer_features", "partition_columns", "properties", "active_files",
/// "commit_info": what the version's commit says or null, "files":[{"path","size","dv"}] sorted by path}, "changes": null
/// or of delta_cdf {"start_version", "end_version", "latest_version", "not_recorded_at"} (the delta state is that of the
/// window's end), "version": of a pack's table, or null when it cannot tell}.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_table_info(
    table: *const pne_table,
    sink: pne_sink,
    ctx: *mut c_void,
    err: *mut pne_error,
) -> i32 {
    guard_on(table, err, |table| {
        let commit_info = |loaded: &DeltaTable| {
            let loaded = loaded.clone();
            let engine = table.content.session.engine();
            engine.plan_async(None, move || async move { delta::commit_info(&loaded).await })
        };
        let delta = table.content.delta.as_ref();
        let delta = delta.map(|loaded| delta::info(loaded, commit_info(loaded)?)).transpose()?;
        let content = &table.content;
        let (changes, version) = (&content.changes, &content.version);
        let info = json!({"changes": changes, "delta": delta, "format": content.format, "version": version});
        // SAFETY: the caller passes a callable sink.
        unsafe { view::emit_json(sink, ctx, info) }
    })
}

/// Frees the table; sessions that registered it and plans that read it keep it. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_table_free(table: *mut pne_table) {
    guard_free(|| {
        // SAFETY: the caller gives the handle up.
        if let Some(table) = unsafe { pne_table::take(table) } {
            // A view holds a plan, which may be deep.
            let content = table.into_content();
            content.session.engine().clone().free(content);
        }
    });
}
