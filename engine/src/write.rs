//! Writing the rows of a plan to a Delta table, or to files (see write_files.rs).

use std::ffi::{c_char, c_void};
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::parquet::basic::Compression;
use datafusion::parquet::file::properties::WriterProperties;
use deltalake::delta_datafusion::SessionFallbackPolicy;
use deltalake::kernel::transaction::CommitProperties;
use deltalake::operations::write::{SchemaMode, WriteBuilder};
use deltalake::protocol::SaveMode;
use deltalake::{DeltaTable, DeltaTableBuilder, DeltaTableError};
use futures::TryStreamExt;
use object_store::ObjectStore;
use serde_json::{Map, Value, json};

use crate::cancel::{self, pne_cancel};
use crate::error::{Failure, Result, pne_error, status};
use crate::guard::guard_on;
use crate::location::Location;
use crate::plan::{Plan, pne_plan};
use crate::remote::Options;
use crate::view::{self, Fields, pne_sink};
use crate::{upload, write_files};

/// What happens to rows that are there already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Append,
    Overwrite,
    Error,
    Ignore,
}

/// The request of pne_plan_write.
pub struct Request {
    pub format: String,
    pub uri: String,
    pub mode: Mode,
    pub partition_by: Vec<String>,
    pub single_file: Option<bool>,
    pub options: Vec<(String, Option<String>)>,
    pub storage_options: Options,
    /// Where files are made that go to an object store.
    pub scratch_dir: Option<String>,
    delta: DeltaRequest,
}

/// The parts for Delta only.
struct DeltaRequest {
    schema_mode: Option<SchemaMode>,
    configuration: Vec<(String, Option<String>)>,
    commit_metadata: Map<String, Value>,
    target_file_size: Option<NonZeroU64>,
    row_group_rows: Option<NonZeroU64>,
}

impl Request {
    fn read(mut fields: Fields<'_>) -> Result<Self> {
        let delta = DeltaRequest {
            schema_mode: schema_mode(fields.string("schema_mode")?.as_deref())?,
            configuration: fields.string_map("configuration")?,
            commit_metadata: fields.object("commit_metadata")?,
            target_file_size: fields.number("target_file_size")?.and_then(NonZeroU64::new),
            row_group_rows: fields.number("row_group_rows")?.and_then(NonZeroU64::new),
        };
        let request = Request {
            format: fields.required("format")?,
            uri: fields.required("uri")?,
            mode: mode(fields.string("mode")?.as_deref().unwrap_or("error"))?,
            partition_by: fields.strings("partition_by")?.unwrap_or_default(),
            single_file: fields.flag("single_file")?,
            options: fields.string_map("options")?,
            storage_options: fields.texts("storage_options")?,
            scratch_dir: fields.string("scratch_dir")?,
            delta,
        };
        fields.finish()?;
        Ok(request)
    }
}

fn mode(name: &str) -> Result<Mode> {
    match name {
        "append" => Ok(Mode::Append),
        "overwrite" => Ok(Mode::Overwrite),
        "error" => Ok(Mode::Error),
        "ignore" => Ok(Mode::Ignore),
        other => {
            let text = format!("unknown write mode '{other}'; there are append, overwrite, error and ignore");
            Err(Failure::new(status::INVALID, text))
        }
    }
}

fn schema_mode(name: Option<&str>) -> Result<Option<SchemaMode>> {
    match name {
        None => Ok(None),
        Some("merge") => Ok(Some(SchemaMode::Merge)),
        Some("overwrite") => Ok(Some(SchemaMode::Overwrite)),
        Some(other) => {
            let text = format!("unknown schema mode '{other}'; there are merge and overwrite");
            Err(Failure::new(status::INVALID, text))
        }
    }
}

/// The failure of mode "error" when something is there.
pub fn exists_failure(uri: &str) -> Failure {
    Failure::new(status::EXISTS, format!("'{uri}' exists already"))
        .with_hint("write with mode append or overwrite, or to another place")
}

/// What pne_plan_write reports; counts are text, as 64-bit numbers are everywhere.
pub fn report(rows: u64, version: Option<u64>, files: Option<u64>, bytes: Option<u64>) -> Value {
    let text = |n: Option<u64>| n.map(|n| n.to_string());
    json!({"bytes": text(bytes), "files": text(files), "rows": rows.to_string(), "version": text(version)})
}

async fn write(plan: Arc<Plan>, request: Request) -> Result<Value> {
    plan.must_run()?;
    if request.format == "delta" {
        return write_delta(&plan, request).await;
    }
    match Location::parse(&request.uri, &request.storage_options)? {
        Location::Local(path) => write_files::write(&plan, &request, path).await,
        Location::Remote(remote) => upload::write(&plan, &request, remote).await,
    }
}

/// Removes the folder of a table that this call was to create, unless it was committed.
struct NewFolder(Option<PathBuf>);

impl Drop for NewFolder {
    fn drop(&mut self) {
        let Some(folder) = self.0.take() else { return };
        if !folder.join("_delta_log").join(format!("{:020}.json", 0)).exists() {
            // Nothing can be done about what cannot be removed; the table does not exist either way.
            cancel::settle(|| {
                drop(std::fs::remove_dir_all(&folder));
                !folder.exists()
            });
        }
    }
}

/// Waits, after a write that did not succeed, until delta-rs has let go of the store: its writer runs in a task of its
/// own, which is not aborted with the future but ends by itself, and makes files until then.
struct Released {
    store: Arc<dyn ObjectStore>,
    uses: usize,
    has_succeeded: bool,
}

impl Drop for Released {
    fn drop(&mut self) {
        if !self.has_succeeded {
            cancel::settle(|| Arc::strong_count(&self.store) <= self.uses);
        }
    }
}

/// The table if there is one, else where it will be.
async fn find_table(request: &Request) -> Result<(DeltaTable, bool, NewFolder)> {
    let location = Location::parse(&request.uri, &request.storage_options)?;
    let mut new_folder = NewFolder(None);
    if let Location::Local(path) = &location
        && !path.exists()
    {
        std::fs::create_dir_all(path).map_err(|error| {
            let text = format!("cannot create the folder '{}': {error}", path.display());
            let os_errno = error.raw_os_error().unwrap_or(0);
            Failure { os_errno, ..Failure::new(status::IO, text) }
        })?;
        new_folder.0 = Some(path.clone());
    }
    let mut table = DeltaTableBuilder::from_url(location.url(true)?)?.build()?;
    let exists = match table.load().await {
        Ok(()) => true,
        Err(DeltaTableError::NotATable(_) | DeltaTableError::InvalidTableLocation(_)) => false,
        Err(error) => {
            let failure = Failure::from(error);
            if failure.status != status::NOT_FOUND {
                return Err(failure.context(&format!("delta table '{}'", request.uri)));
            }
            false
        }
    };
    Ok((table, exists, new_folder))
}

async fn write_delta(plan: &Plan, request: Request) -> Result<Value> {
    let (table, exists, _new_folder) = find_table(&request).await?;
    match (exists, request.mode) {
        (true, Mode::Error) => return Err(exists_failure(&request.uri)),
        (true, Mode::Ignore) => return Ok(report(0, table.version(), Some(0), None)),
        _ => {}
    }
    let save_mode = match request.mode {
        Mode::Overwrite => SaveMode::Overwrite,
        _ => SaveMode::Append,
    };
    let store = table.log_store().object_store(None);
    let uses = Arc::strong_count(&store);
    let mut released = Released { store, uses, has_succeeded: false };
    let snapshot = exists.then(|| table.snapshot().map(|state| state.snapshot().clone())).transpose()?;
    let delta = request.delta;
    // Expired logs are cleaned by the verb for it only: a bundle may need them.
    let commit =
        CommitProperties::default().with_metadata(delta.commit_metadata).with_cleanup_expired_logs(Some(false));
    let mut builder = WriteBuilder::new(table.log_store(), snapshot)
        .with_input_plan(plan.logical().clone())
        .with_session_state(Arc::new(plan.state()))
        .with_session_fallback_policy(SessionFallbackPolicy::RequireSessionState)
        .with_save_mode(save_mode)
        .with_commit_properties(commit)
        .with_configuration(delta.configuration);
    if !request.partition_by.is_empty() {
        builder = builder.with_partition_columns(request.partition_by);
    }
    if let Some(mode) = delta.schema_mode {
        builder = builder.with_schema_mode(mode);
    }
    if delta.target_file_size.is_some() {
        builder = builder.with_target_file_size(delta.target_file_size);
    }
    if let Some(rows) = delta.row_group_rows {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(rows.get() as usize));
        builder = builder.with_writer_properties(properties.build());
    }
    let written = builder
        .await
        .map_err(|error| Failure::from(error).context(&format!("writing delta table '{}'", request.uri)))?;
    released.has_succeeded = true;
    let commits: Vec<_> = written.history(Some(1)).try_collect().await?;
    let metric = |name: &str| -> Option<u64> { commits.first()?.info.get("operationMetrics")?.get(name)?.as_u64() };
    let rows = metric("num_added_rows").unwrap_or(0);
    Ok(report(rows, written.version(), metric("num_added_files"), None))
}

/// Runs the plan and writes its rows.
///
/// `request_json`: {"format":"delta|parquet|csv|json|arrow", "uri", "mode":"append|overwrite|error|ignore" (error),
/// "partition_by":[…], "single_file":bool (a uri with an extension is one file), "options":{format options},
/// "storage_options":{}, "scratch_dir": where files for an object store are made, and for Delta "schema_mode":"merge|overwrite", "configuration":{}, "commit_metadata":{},
/// "target_file_size", "row_group_rows": no batch that is read back has more}. Files appear whole, by rename; Delta gets one new version. Gives JSON: {"rows", "version",
/// "files", "bytes"}, text or null. EXISTS: mode error found something. CONFLICT: a commit lost. `cancel` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_plan_write(
    plan: *const pne_plan,
    request_json: *const c_char,
    cancel: *const pne_cancel,
    sink: pne_sink,
    ctx: *mut c_void,
    err: *mut pne_error,
) -> i32 {
    guard_on(plan, err, |plan| {
        // SAFETY: the caller passes NUL-terminated text, and NULL or a live token.
        let (request, cancel) =
            unsafe { (view::json_object(request_json, "write request")?, cancel::optional(cancel)?) };
        let request = Request::read(Fields::new(request, "write request"))?;
        let source = Arc::clone(&plan.content);
        let engine = plan.content.session().engine();
        let report = engine.run_deep(cancel, move || write(source, request))?;
        // SAFETY: the caller passes a callable sink.
        unsafe { view::emit_json(sink, ctx, report) }
    })
}
