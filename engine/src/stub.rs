//! Providers that are not tables: schema stubs for identity planning, and one-shot streams.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::ffi_stream::ArrowArrayStreamReader;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Constraint, Constraints};
use datafusion::error::Result as DfResult;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use serde_json::{Map, Value};

use crate::error::{Failure, Result, status};
use crate::view::Fields;

/// A schema and keys, no rows. Filters are never pushed into it, so a plan over stubs depends on schemas alone.
#[derive(Debug)]
pub struct StubTable {
    schema: SchemaRef,
    constraints: Constraints,
}

impl StubTable {
    /// `constraints`: {"unique":[["a","b"],…], "primary_key":["a",…]}.
    pub fn new(schema: SchemaRef, constraints: Map<String, Value>) -> Result<Self> {
        let mut fields = Fields::new(constraints, "constraints");
        let mut found = Vec::new();
        if let Some(key) = fields.strings("primary_key")? {
            found.push(Constraint::PrimaryKey(positions(&schema, &key)?));
        }
        let unique = fields.value("unique").unwrap_or(Value::Array(Vec::new()));
        let Value::Array(keys) = unique else {
            return Err(Failure::new(status::INVALID, "'unique' in the constraints must be an array"));
        };
        for key in keys {
            let names: Vec<String> = serde_json::from_value(key).map_err(|_| {
                Failure::new(status::INVALID, "'unique' in the constraints must hold arrays of strings")
            })?;
            found.push(Constraint::Unique(positions(&schema, &names)?));
        }
        fields.finish()?;
        Ok(StubTable { schema, constraints: Constraints::new_unverified(found) })
    }
}

fn positions(schema: &SchemaRef, names: &[String]) -> Result<Vec<usize>> {
    let position = |name: &String| {
        schema.index_of(name).map_err(|_| {
            Failure::new(status::INVALID, format!("the constraints name a column '{name}' that the schema has not"))
        })
    };
    names.iter().map(position).collect()
}

#[async_trait]
impl TableProvider for StubTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn constraints(&self) -> Option<&Constraints> {
        Some(&self.constraints)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        _projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        Err(Failure::new(status::EXEC, "the plan reads a schema stub, which has no rows")
            .with_hint("plans of the identity space are not executed")
            .into())
    }
}

/// A stream of the caller that is read once, lazily, one batch at a time on a blocking thread: its `get_next` may
/// wait for anything.
#[derive(Debug)]
pub struct OneShot {
    schema: SchemaRef,
    reader: Arc<Mutex<Option<ArrowArrayStreamReader>>>,
    taken: AtomicBool,
}

impl OneShot {
    pub fn table(reader: ArrowArrayStreamReader, schema: SchemaRef) -> Result<Arc<dyn TableProvider>> {
        let partition = OneShot {
            schema: Arc::clone(&schema),
            reader: Arc::new(Mutex::new(Some(reader))),
            taken: AtomicBool::new(false),
        };
        Ok(Arc::new(StreamingTable::try_new(schema, vec![Arc::new(partition)])?))
    }
}

impl PartitionStream for OneShot {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _ctx: Arc<TaskContext>) -> SendableRecordBatchStream {
        let schema = Arc::clone(&self.schema);
        if self.taken.swap(true, Ordering::SeqCst) {
            let failure = Failure::new(status::EXEC, "the stream was read already; it can be scanned once")
                .with_hint("collect it into memory instead, or write it to a dataset");
            let once = futures::stream::once(async { Err(failure.into()) });
            return Box::pin(RecordBatchStreamAdapter::new(schema, once));
        }
        let batches = futures::stream::try_unfold(Arc::clone(&self.reader), |reader| async move {
            let pulled = Arc::clone(&reader);
            let batch = tokio::task::spawn_blocking(move || pull(&pulled)).await;
            let batch = batch.map_err(crate::engine::join_failure)??;
            Ok(batch.map(|batch| (batch, reader)))
        });
        Box::pin(RecordBatchStreamAdapter::new(schema, batches))
    }
}

type Pulled = DfResult<Option<datafusion::arrow::record_batch::RecordBatch>>;

/// The next batch; the reader is released as soon as it ends or fails.
fn pull(reader: &Mutex<Option<ArrowArrayStreamReader>>) -> Pulled {
    let mut slot = reader.lock().unwrap_or_else(PoisonError::into_inner);
    let next = slot.as_mut().and_then(Iterator::next);
    match next {
        Some(Ok(batch)) => Ok(Some(batch)),
        Some(Err(error)) => {
            *slot = None;
            Err(error.into())
        }
        None => {
            *slot = None;
            Ok(None)
        }
    }
}
