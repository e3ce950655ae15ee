//! One scan of a pack's table: a stream of the pack, pulled on blocking threads, each batch checked against the schema.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::{RecordBatch, RecordBatchReader};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use datafusion::error::Result as DfResult;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;

use super::filter::{Exported, Filter};
use super::table::Opened;
use crate::error::{Result, status};
use crate::guard;
use crate::plugin_table::{pn_filter, pn_scan};

#[derive(Debug)]
pub struct Scan {
    table: Arc<Opened>,
    schema: SchemaRef,
    columns: Vec<u32>,
    filters: Vec<Filter>,
    limit: Option<usize>,
}

impl Scan {
    pub fn new(
        table: Arc<Opened>,
        schema: SchemaRef,
        columns: Vec<usize>,
        filters: Vec<Filter>,
        limit: Option<usize>,
    ) -> Self {
        Scan { table, schema, columns: columns.into_iter().map(|i| i as u32).collect(), filters, limit }
    }
}

/// Tells the pack to stop when the last reader is gone.
struct Stop(Arc<AtomicI32>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(1, Ordering::Release);
    }
}

/// What a running scan holds; the stream goes before the flag and the table.
struct Running {
    reader: Mutex<Option<ArrowArrayStreamReader>>,
    stop: Arc<AtomicI32>,
    table: Arc<Opened>,
    schema: SchemaRef,
    columns: Vec<u32>,
    filters: Vec<Filter>,
    limit: Option<usize>,
    started: Mutex<bool>,
}

impl Running {
    fn start(&self) -> Result<ArrowArrayStreamReader> {
        let Some(scan) = self.table.table.scan else {
            return Err(self.table.failure(status::ABI, "opened a table that lacks scan()"));
        };
        let exported: Vec<Exported> = self.filters.iter().map(Filter::export).collect::<Result<_>>()?;
        let filters: Vec<pn_filter> = exported.iter().map(Exported::filter).collect();
        let request = pn_scan {
            struct_size: size_of::<pn_scan>() as u32,
            n_columns: self.columns.len() as u32,
            columns: NonNull::from(self.columns.as_slice()).cast().as_ptr(),
            filters: filters.as_ptr(),
            n_filters: filters.len() as u32,
            filter_stride: size_of::<pn_filter>() as u32,
            limit: self.limit.map_or(-1, |n| n as i64),
            stop: self.stop.as_ptr(),
        };
        let mut out = FFI_ArrowArrayStream::empty();
        // SAFETY: all pointers live during the call, the flag as long as the stream.
        self.table.run(|text, cap| unsafe { scan(self.table.table.this, &request, &mut out, text, cap) })?;
        if out.release.is_none() || out.get_schema.is_none() || out.get_next.is_none() {
            return Err(self.table.failure(status::ABI, "gave no stream"));
        }
        let reader = guard::catch(|| Ok(ArrowArrayStreamReader::try_new(out)?))
            .map_err(|e| self.table.failure(status::ABI, &format!("gave a wrong stream: {}", e.message)))?;
        let found = reader.schema();
        let same = found.fields().len() == self.schema.fields().len()
            && found.fields().iter().zip(self.schema.fields()).all(|(a, b)| a.data_type() == b.data_type());
        if !same {
            let why = format!("gave a stream of {found} for {}", self.schema);
            return Err(self.table.failure(status::ABI, &why));
        }
        Ok(reader)
    }

    /// The next batch; the stream is released as soon as it ends or fails.
    fn pull(&self) -> Result<Option<RecordBatch>> {
        let mut slot = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        if !*started {
            *started = true;
            *slot = Some(self.start()?);
        }
        let Some(reader) = slot.as_mut() else { return Ok(None) };
        let next = guard::catch(|| reader.next().transpose().map_err(Into::into).and_then(|batch| self.check(batch)));
        if !matches!(next, Ok(Some(_))) {
            *slot = None;
        }
        next.map_err(|e| match e.status {
            // The import asserts what a batch must be; that the pack gave another one is no fault of the plan.
            status::PANIC => self.table.failure(status::ABI, &format!("gave a wrong batch: {}", e.message)),
            code => self.table.failure(code, &format!("failed: {}", e.message)),
        })
    }

    /// Contents as promised: the import trusts what the stream says.
    fn check(&self, batch: Option<RecordBatch>) -> Result<Option<RecordBatch>> {
        let Some(batch) = batch else { return Ok(None) };
        for column in batch.columns() {
            column.to_data().validate_full()?;
        }
        Ok(Some(RecordBatch::try_new_with_options(
            Arc::clone(&self.schema),
            batch.columns().to_vec(),
            &datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows())),
        )?))
    }
}

impl PartitionStream for Scan {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let stop = Arc::new(AtomicI32::new(0));
        let running = Arc::new(Running {
            reader: Mutex::new(None),
            stop: Arc::clone(&stop),
            table: Arc::clone(&self.table),
            schema: Arc::clone(&self.schema),
            columns: self.columns.clone(),
            filters: self.filters.clone(),
            limit: self.limit,
            started: Mutex::new(false),
        });
        let batches = futures::stream::try_unfold((running, Stop(stop)), |(running, stop)| async move {
            let pulled = Arc::clone(&running);
            let batch = tokio::task::spawn_blocking(move || pulled.pull()).await;
            let batch: DfResult<_> = Ok(batch.map_err(crate::engine::join_failure)??);
            Ok(batch?.map(|batch| (batch, (running, stop))))
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}
