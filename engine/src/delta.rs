//! Delta tables through delta-rs: opened at a version or time, described, and scanned with our session.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use datafusion::arrow::array::{BooleanArray, Int64Array, StringArray};
use datafusion::arrow::compute::kernels::cast_utils::string_to_timestamp_nanos;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::execution::context::SessionState;
use deltalake::delta_datafusion::FileSelection;
use deltalake::{DeltaTable, DeltaTableBuilder};
use serde_json::{Value, json};

use crate::error::{Failure, Result, status};
use crate::location::Location;
use crate::remote::Options;

/// Which state of which table.
#[derive(Clone)]
pub struct DeltaSpec {
    pub uri: String,
    pub version: Option<u64>,
    /// RFC 3339.
    pub timestamp: Option<String>,
    /// Only these files of the version, relative to the table.
    pub files: Option<Vec<String>>,
    pub storage_options: Options,
}

pub async fn load(spec: &DeltaSpec) -> Result<DeltaTable> {
    let location = Location::parse(&spec.uri, &spec.storage_options)?;
    location.must_exist()?;
    let mut builder = DeltaTableBuilder::from_url(location.url(true)?)?;
    match (spec.version, &spec.timestamp) {
        (Some(_), Some(_)) => {
            let text = format!("delta table '{}' is asked for by version and by timestamp", spec.uri);
            return Err(Failure::new(status::INVALID, text));
        }
        (Some(version), None) => builder = builder.with_version(version),
        (None, Some(timestamp)) => builder = builder.with_datestring(timestamp)?,
        (None, None) => {}
    }
    let loaded = builder.load().await;
    let table = loaded.map_err(|error| explain(Failure::from(error), spec))?;
    check_found(&table, spec)?;
    Ok(table)
}

/// delta-rs answers some requests for what does not exist with something near.
fn check_found(table: &DeltaTable, spec: &DeltaSpec) -> Result<()> {
    let found = table.version().unwrap_or_default();
    if spec.version.is_some_and(|wanted| wanted != found) {
        return Err(no_such_version(spec));
    }
    let Some(timestamp) = &spec.timestamp else { return Ok(()) };
    let wanted_ms = string_to_timestamp_nanos(timestamp)? / 1_000_000;
    match table.snapshot()?.version_timestamp(found) {
        Some(committed_ms) if committed_ms > wanted_ms => {
            Err(Failure::new(status::NOT_FOUND, format!("{} does not exist yet", describe(spec)))
                .with_hint("its first version is younger"))
        }
        _ => Ok(()),
    }
}

fn no_such_version(spec: &DeltaSpec) -> Failure {
    Failure::new(status::NOT_FOUND, format!("{} does not exist", describe(spec)))
        .with_hint("list the versions of the table; old ones may have been cleaned up")
}

fn explain(failure: Failure, spec: &DeltaSpec) -> Failure {
    let detail = if failure.detail.is_empty() { failure.message.clone() } else { failure.detail.clone() };
    if failure.status != status::NOT_FOUND {
        return failure.context(&describe(spec));
    }
    if detail.contains("end version") {
        return no_such_version(spec).with_detail(detail);
    }
    Failure::new(status::NOT_FOUND, format!("'{}' is not a delta table", spec.uri)).with_detail(detail)
}

fn describe(spec: &DeltaSpec) -> String {
    match (spec.version, &spec.timestamp) {
        (Some(version), _) => format!("delta table '{}' at version {version}", spec.uri),
        (None, Some(timestamp)) => format!("delta table '{}' at {timestamp}", spec.uri),
        (None, None) => format!("delta table '{}'", spec.uri),
    }
}

/// A provider that scans the loaded version with the object store of this session.
pub async fn provider(
    table: &DeltaTable,
    state: &SessionState,
    files: Option<Vec<String>>,
) -> Result<Arc<dyn TableProvider>> {
    table.update_datafusion_session(state)?;
    let mut builder = table.table_provider().with_session(Arc::new(state.clone()));
    if let Some(files) = files {
        builder = builder.with_file_selection(FileSelection::from_file_paths(files));
    }
    Ok(builder.await?)
}

/// The actions of a commit; None when log cleanup took it.
pub async fn commit(table: &DeltaTable, version: u64) -> Result<Option<Vec<Value>>> {
    let commit = table.log_store().read_commit_entry(version).await?;
    Ok(commit.map(|commit| serde_json::Deserializer::from_slice(&commit).into_iter().flatten().collect()))
}

/// What the commit that made the loaded version says of itself; null when log cleanup took it.
pub async fn commit_info(table: &DeltaTable) -> Result<Value> {
    let actions = commit(table, table.version().unwrap_or_default()).await?.unwrap_or_default();
    let found = actions.into_iter().find_map(|mut action| action.get_mut("commitInfo").map(Value::take));
    Ok(found.unwrap_or_default())
}

/// What pins and protocol gates need to know, as JSON; numbers of 64 bits are text.
pub fn info(table: &DeltaTable, commit_info: Value) -> Result<Value> {
    let state = table.snapshot()?;
    let (protocol, metadata, version) = (state.protocol(), state.metadata(), state.version());
    let mut files = Vec::new();
    for file in state.log_data().iter() {
        let vector = file.deletion_vector_descriptor().map(|dv| match dv.offset {
            Some(offset) => format!("{}{}@{offset}", dv.storage_type, dv.path_or_inline_dv),
            None => format!("{}{}", dv.storage_type, dv.path_or_inline_dv),
        });
        files.push((file.path().into_owned(), file.size(), vector));
    }
    files.sort();
    let count = files.len().to_string();
    let files: Vec<Value> =
        files.into_iter().map(|(path, size, dv)| json!({"dv": dv, "path": path, "size": size.to_string()})).collect();
    let features = |names: Option<Vec<String>>| {
        let mut names = names.unwrap_or_default();
        names.sort();
        names
    };
    let reader = protocol.reader_features().map(|all| all.iter().map(ToString::to_string).collect());
    let writer = protocol.writer_features().map(|all| all.iter().map(ToString::to_string).collect());
    Ok(json!({
        "active_files": count,
        "commit_info": commit_info,
        "files": files,
        "min_reader_version": protocol.min_reader_version(),
        "min_writer_version": protocol.min_writer_version(),
        "partition_columns": metadata.partition_columns(),
        "properties": metadata.configuration(),
        "reader_features": features(reader),
        "table_id": metadata.id(),
        "timestamp_ms": state.version_timestamp(version).map(|ms| ms.to_string()),
        "version": version.to_string(),
        "writer_features": features(writer),
    }))
}

/// The files of the loaded version as the log has them, one a row, sorted by path. Of `dataChange` nothing is left when
/// a log is read to its end, so it is null.
pub fn add_actions(table: &DeltaTable, table_uri: &str) -> Result<Arc<dyn TableProvider>> {
    let state = table.snapshot()?;
    #[allow(deprecated, reason = "nothing else tells the tags")]
    let mut files: Vec<_> = state.log_data().iter().map(|file| file.add_action()).collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let field = |name: &str, kind: &DataType, nullable| Field::new(name, kind.clone(), nullable);
    let (text, number) = (DataType::Utf8, DataType::Int64);
    let schema = Arc::new(Schema::new(vec![
        field("table_uri", &text, false),
        field("version", &number, false),
        field("path", &text, false),
        field("size", &number, false),
        field("modification_time", &number, false),
        field("data_change", &DataType::Boolean, true),
        field("stats", &text, true),
        field("partition_values_json", &text, false),
        field("tags_json", &text, true),
    ]));
    let rows = files.len();
    let sorted = |map: &HashMap<String, Option<String>>| json!(BTreeMap::from_iter(map)).to_string();
    let tags = files.iter().map(|file| file.tags.as_ref().map(sorted));
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![
            Arc::new(StringArray::from_iter_values(std::iter::repeat_n(table_uri, rows))),
            Arc::new(Int64Array::from(vec![state.version() as i64; rows])),
            Arc::new(StringArray::from_iter_values(files.iter().map(|file| &file.path))),
            Arc::new(Int64Array::from_iter_values(files.iter().map(|file| file.size))),
            Arc::new(Int64Array::from_iter_values(files.iter().map(|file| file.modification_time))),
            Arc::new(BooleanArray::new_null(rows)),
            Arc::new(StringArray::from_iter(files.iter().map(|file| file.stats.as_ref()))),
            Arc::new(StringArray::from_iter_values(files.iter().map(|file| sorted(&file.partition_values)))),
            Arc::new(StringArray::from_iter(tags)),
        ],
    )?;
    Ok(Arc::new(MemTable::try_new(schema, vec![vec![batch]])?))
}
