//! The caches of a session as tables of one row. What they hold changes with every scan, so it is read when a scan of
//! the table starts and not before.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use datafusion::arrow::array::{Int64Array, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::MemTable;
use datafusion::error::Result as DfResult;
use datafusion::execution::cache::{Cache, CacheKey, CacheValue};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;

use crate::error::{Failure, Result, status};

#[derive(Debug, Clone, Copy)]
enum Kind {
    Files,
    Metadata,
    Predicates,
    Statistics,
}

const KINDS: [(&str, Kind); 4] = [
    ("list_files_cache", Kind::Files),
    ("metadata_cache", Kind::Metadata),
    ("predicate_cache", Kind::Predicates),
    ("statistics_cache", Kind::Statistics),
];

pub fn table(name: &str) -> Result<Arc<dyn TableProvider>> {
    let Some((name, kind)) = KINDS.into_iter().find(|(known, _)| *known == name) else {
        return Err(Failure::new(status::INVALID, format!("there is no cache '{name}'")));
    };
    let number = |name: &str| Field::new(name, DataType::Int64, true);
    let schema = Schema::new(vec![
        Field::new("cache_name", DataType::Utf8, false),
        number("event_time_unix_ms"),
        number("entry_count"),
        number("hit_count"),
        number("miss_count"),
        number("eviction_count"),
        number("config_ttl"),
        number("config_limit"),
    ]);
    Ok(Arc::new(CacheTable { name, kind, schema: Arc::new(schema) }))
}

#[derive(Debug)]
struct CacheTable {
    name: &'static str,
    kind: Kind,
    schema: SchemaRef,
}

/// What the engine tells; it does not count misses and evictions.
#[derive(Default)]
struct Counts {
    entries: Option<usize>,
    /// Of the entries that are there still.
    hits: Option<usize>,
    ttl: Option<Duration>,
    limit: Option<usize>,
}

/// A cache that is switched off is empty.
fn counts<K: CacheKey, V: CacheValue>(cache: Option<Arc<dyn Cache<K, V>>>) -> Counts {
    let Some(cache) = cache else {
        return Counts { entries: Some(0), hits: Some(0), ttl: None, limit: Some(0) };
    };
    let entries = cache.list_entries();
    let hits = entries.values().map(|entry| entry.hits).sum();
    Counts { entries: Some(entries.len()), hits: Some(hits), ttl: cache.cache_ttl(), limit: Some(cache.cache_limit()) }
}

impl CacheTable {
    fn counts(&self, state: &dyn Session) -> Counts {
        let caches = &state.runtime_env().cache_manager;
        match self.kind {
            Kind::Files => counts(caches.get_list_files_cache()),
            Kind::Metadata => counts(Some(caches.get_file_metadata_cache())),
            // Each scan of a Parquet file has one of its own; only its limit is the session's.
            Kind::Predicates => {
                let limit = state.config_options().execution.parquet.max_predicate_cache_size;
                Counts { limit, ..Counts::default() }
            }
            Kind::Statistics => counts(caches.get_file_statistic_cache()),
        }
    }

    fn row(&self, state: &dyn Session) -> DfResult<RecordBatch> {
        let counts = self.counts(state);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let number = |value: Option<u128>| {
            let value = value.map(|value| i64::try_from(value).unwrap_or(i64::MAX));
            Arc::new(Int64Array::from(vec![value])) as _
        };
        let count = |value: Option<usize>| number(value.map(|value| value as u128));
        let columns = vec![
            Arc::new(StringArray::from(vec![self.name])) as _,
            number(Some(now.as_millis())),
            count(counts.entries),
            count(counts.hits),
            count(None),
            count(None),
            number(counts.ttl.map(|ttl| u128::from(ttl.as_secs()))),
            count(counts.limit),
        ];
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

#[async_trait]
impl TableProvider for CacheTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        let rows = MemTable::try_new(self.schema(), vec![vec![self.row(state)?]])?;
        rows.scan(state, projection, filters, limit).await
    }
}
