//! What changed in a Delta table between two versions: the table's change data feed, read by delta-rs.
//!
//! delta-rs compares times commit by commit and fills gaps silently. Here a window of times becomes versions first, by
//! what the commits say of themselves, so that the caller can pin what is read.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::compute::kernels::cast_utils::string_to_timestamp_nanos;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result as DfResult;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use deltalake::DeltaTable;
use deltalake::delta_datafusion::DeltaCdfTableProvider;
use serde_json::{Value, json};

use crate::delta::{self, DeltaSpec};
use crate::error::{Failure, Result, status};
use crate::view::Fields;

const NANOS_PER_MS: i64 = 1_000_000;

/// Both ends belong to it. A version goes before a time.
pub struct Window {
    start_version: Option<u64>,
    start_timestamp: Option<String>,
    end_version: Option<u64>,
    end_timestamp: Option<String>,
}

impl Window {
    pub fn read(mut options: Fields<'_>) -> Result<Self> {
        let window = Window {
            start_version: options.number("start_version")?,
            start_timestamp: options.string("start_timestamp")?,
            end_version: options.number("end_version")?,
            end_timestamp: options.string("end_timestamp")?,
        };
        options.finish()?;
        Ok(window)
    }

    /// First and last version; the first is the greater one when there is none.
    async fn resolve(&self, history: &mut History, latest: i64) -> Result<(i64, i64)> {
        let number = |version: u64| i64::try_from(version).unwrap_or(i64::MAX);
        let start = match (self.start_version, &self.start_timestamp) {
            (Some(version), _) => number(version),
            (None, Some(time)) => {
                let before = string_to_timestamp_nanos(time)?.saturating_sub(1);
                history.last_until(latest, before.div_euclid(NANOS_PER_MS)).await? + 1
            }
            (None, None) => 0,
        };
        let end = match (self.end_version, &self.end_timestamp) {
            (Some(version), _) => number(version),
            (None, Some(time)) => {
                history.last_until(latest, string_to_timestamp_nanos(time)?.div_euclid(NANOS_PER_MS)).await?
            }
            (None, None) => latest,
        };
        Ok((start, end))
    }
}

/// What is asked of a commit.
struct Commit {
    time_ms: Option<i64>,
    configuration: Option<Value>,
}

async fn read_commit(table: &DeltaTable, version: i64) -> Result<Commit> {
    let actions = delta::commit(table, version as u64).await?.ok_or_else(|| {
        let text = format!("the log of the delta table has no commit of version {version} any more");
        Failure::new(status::NOT_FOUND, text).with_hint("start at a later version; old commits have been cleaned up")
    })?;
    let info = actions.iter().find_map(|action| action.get("commitInfo"));
    let time = |key: &str| info.and_then(|info| info.get(key)).and_then(Value::as_i64);
    let configuration = actions.iter().find_map(|action| action.get("metaData")?.get("configuration"));
    Ok(Commit {
        time_ms: time("inCommitTimestamp").or_else(|| time("timestamp")),
        configuration: configuration.cloned(),
    })
}

/// The commits of a table; each is read once, however many walks pass it.
struct History {
    table: DeltaTable,
    commits: HashMap<i64, Commit>,
}

impl History {
    async fn commit(&mut self, version: i64) -> Result<&Commit> {
        Ok(match self.commits.entry(version) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(place) => place.insert(read_commit(&self.table, version).await?),
        })
    }

    /// The last version that was committed by then; -1 when there is none.
    async fn last_until(&mut self, latest: i64, time_ms: i64) -> Result<i64> {
        let mut version = latest;
        while version >= 0 {
            let Some(committed_ms) = self.commit(version).await?.time_ms else {
                let text = format!("version {version} of the delta table does not say when it was committed");
                return Err(Failure::new(status::UNSUPPORTED, text).with_hint("name versions instead of times"));
            };
            if committed_ms <= time_ms {
                break;
            }
            version -= 1;
        }
        Ok(version)
    }

    /// The first version of the window that was written while the table recorded no changes.
    async fn first_unrecorded(&mut self, at_start: &DeltaTable, start: i64, end: i64) -> Result<Option<i64>> {
        for version in start..=end {
            let is_recorded = match (version == start, &self.commit(version).await?.configuration) {
                (true, _) => records(at_start.snapshot()?.metadata().configuration()),
                (false, None) => true,
                (false, Some(properties)) => records(&serde_json::from_value(properties.clone()).unwrap_or_default()),
            };
            if !is_recorded {
                return Ok(Some(version));
            }
        }
        Ok(None)
    }
}

fn records(properties: &HashMap<String, String>) -> bool {
    properties.get("delta.enableChangeDataFeed").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// The table as it is at the end of the window, a provider of its changes, and what was made of the window.
pub async fn open(
    spec: &DeltaSpec,
    window: Window,
    state: &SessionState,
) -> Result<(DeltaTable, Arc<dyn TableProvider>, Value)> {
    let mut table = delta::load(spec).await?;
    let at = |version: i64| DeltaSpec { version: Some(version as u64), ..spec.clone() };
    let latest = table.version().unwrap_or_default() as i64;
    let mut history = History { table: table.clone(), commits: HashMap::new() };
    let (start, end) = window.resolve(&mut history, latest).await?;
    if (0..latest).contains(&end) {
        table = delta::load(&at(end)).await?;
    }
    let last = end.min(latest);
    let not_recorded_at = match start <= last {
        true => history.first_unrecorded(&delta::load(&at(start)).await?, start, last).await?,
        false => None,
    };
    table.update_datafusion_session(state)?;
    let feed = table.clone().scan_cdf().with_starting_version(start as u64).with_ending_version(last.max(0) as u64);
    let is_empty = start > last || not_recorded_at.is_some();
    let changes = Changes { feed: DeltaCdfTableProvider::try_new(feed)?, is_empty };
    let facts = json!({
        "start_version": start.to_string(),
        "end_version": end.to_string(),
        "latest_version": latest.to_string(),
        "not_recorded_at": not_recorded_at.map(|version| version.to_string()),
    });
    Ok((table, Arc::new(changes), facts))
}

/// delta-rs plans a window without changes as a scan without partitions, which few operators take.
#[derive(Debug)]
struct Changes {
    feed: DeltaCdfTableProvider,
    is_empty: bool,
}

#[async_trait]
impl TableProvider for Changes {
    fn schema(&self) -> SchemaRef {
        self.feed.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        if self.is_empty {
            let schema =
                projection.map_or(Ok(self.schema()), |columns| self.schema().project(columns).map(Arc::new))?;
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        // A limit is only a hint, and delta-rs would put an operator with one partition over a scan that has none.
        let plan = self.feed.scan(state, projection, filters, None).await?;
        match plan.output_partitioning().partition_count() {
            0 => Ok(Arc::new(EmptyExec::new(plan.schema()))),
            _ => Ok(plan),
        }
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> DfResult<Vec<TableProviderFilterPushDown>> {
        self.feed.supports_filters_pushdown(filters)
    }
}
