//! Results: a task on the workers fills a bounded channel, `get_next` empties it.
//!
//! The task owns the running query, so the caller's thread never runs or frees a deep plan; dropping the stream
//! aborts the task. The caller looks at its cancel token while it waits.

use std::ffi::{CString, c_char, c_int};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use datafusion::arrow::array::{Array, RecordBatch, RecordBatchOptions, StructArray};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use datafusion::arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use datafusion::arrow::ffi_stream::FFI_ArrowArrayStream;
use datafusion::execution::TaskContext;
use datafusion::execution::context::{SessionContext, SessionState};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::{FutureExt, StreamExt};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::AbortHandle;

use crate::cancel::Cancel;
use crate::engine::{Engine, POLL_INTERVAL, refuse_reentry};
use crate::error::{Failure, Result, status};
use crate::guard::catch;
use crate::handle::Head;
use crate::plan::Plan;
use crate::{fault, guard, view};

/// Batches made ahead of the reader.
const CHANNEL_BATCHES: usize = 4;

const EIO: c_int = 5;
const ENOMEM: c_int = 12;
const EINVAL: c_int = 22;
const ETIME: c_int = 62; // ETIMEDOUT is that of a whole query, in C
const EPROTO: c_int = 71;
const EOPNOTSUPP: c_int = 95;
const ECANCELED: c_int = 125;

/// What the private data of an exported stream points to.
struct Exported {
    /// Counts the stream among the live handles.
    _head: Head,
    engine: Arc<Engine>,
    schema: SchemaRef,
    batches: Receiver<Result<Option<RecordBatch>>>,
    task: AbortHandle,
    cancel: Option<Arc<Cancel>>,
    state: State,
    last_error: Option<CString>,
}

/// Once ended or failed, a stream stays so.
enum State {
    Reading,
    Ended,
    Failed(Failure),
}

impl Drop for Exported {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Makes the physical plan. Recursive: planning threads only.
pub async fn physical(plan: &Plan, state: &SessionState) -> Result<Arc<dyn ExecutionPlan>> {
    let logical = plan.logical();
    let needs_context = matches!(logical, LogicalPlan::Ddl(_) | LogicalPlan::Statement(_));
    if needs_context {
        // Statements act on the catalog, which all states share, when the frame is made.
        let context = SessionContext::new_with_state(state.clone());
        let frame = context.execute_logical_plan(logical.clone()).await?;
        return Ok(frame.create_physical_plan().await?);
    }
    let optimised = plan.optimised_at(state)?;
    Ok(state.query_planner().create_physical_plan(&optimised, state).await?)
}

/// Plans and starts the query.
pub fn start(plan: &Arc<Plan>, cancel: Option<Arc<Cancel>>) -> Result<FFI_ArrowArrayStream> {
    plan.must_run()?;
    let engine = Arc::clone(plan.session().engine());
    let planned = Arc::clone(plan);
    let (physical, task_context) = engine.plan_async(cancel.as_deref(), move || async move {
        let state = planned.state();
        let physical = physical(&planned, &state).await?;
        Ok((physical, state.task_ctx()))
    })?;
    let schema = exported_schema(&physical.schema(), plan.session().export_views);
    let (sender, batches) = channel(CHANNEL_BATCHES);
    let target = Arc::clone(&schema);
    let task = engine.runtime().spawn(async move {
        let rows = pump(physical, task_context, target, &sender);
        let end = match AssertUnwindSafe(rows).catch_unwind().await {
            Ok(result) => result.map(|()| None),
            Err(payload) => Err(guard::panic_failure(payload)),
        };
        // An error means that nobody reads any more.
        drop(sender.send(end).await);
    });
    let exported = Exported {
        _head: Head::new("stream"),
        engine,
        schema,
        batches,
        task: task.abort_handle(),
        cancel,
        state: State::Reading,
        last_error: None,
    };
    Ok(FFI_ArrowArrayStream {
        get_schema: Some(get_schema),
        get_next: Some(get_next),
        get_last_error: Some(get_last_error),
        release: Some(release),
        private_data: Box::into_raw(Box::new(exported)).cast(),
    })
}

/// Runs the query into the channel, until its end, its first error, or until nobody reads any more.
async fn pump(
    physical: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
    schema: SchemaRef,
    sender: &Sender<Result<Option<RecordBatch>>>,
) -> Result<()> {
    let mut stream = execute_stream(physical, context)?;
    while let Some(batch) = stream.next().await {
        let batch = exported_batch(batch?, &schema)?;
        if sender.send(Ok(Some(batch))).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

impl Exported {
    /// The next batch, None at the end; waits, looking at the cancel token.
    fn next(&mut self) -> Result<Option<RecordBatch>> {
        refuse_reentry()?;
        fault::point()?;
        match &self.state {
            State::Reading => {}
            State::Ended => return Ok(None),
            State::Failed(failure) => return Err(failure.clone()),
        }
        let result = self.receive();
        match &result {
            Ok(Some(_)) => {}
            Ok(None) => self.state = State::Ended,
            Err(failure) => {
                failure.report();
                self.task.abort();
                self.state = State::Failed(failure.clone());
            }
        }
        result
    }

    fn receive(&mut self) -> Result<Option<RecordBatch>> {
        let (batches, cancel) = (&mut self.batches, &self.cancel);
        self.engine.runtime().block_on(async {
            loop {
                cancel.as_deref().map_or(Ok(()), Cancel::check)?;
                match tokio::time::timeout(POLL_INTERVAL, batches.recv()).await {
                    Ok(Some(result)) => return result,
                    Ok(None) => return Err(Failure::new(status::CANCELLED, "the query was stopped")),
                    Err(_elapsed) => {}
                }
            }
        })
    }

    /// Runs one callback of the stream, keeping the error for get_last_error.
    fn answer(&mut self, body: impl FnOnce(&mut Self) -> Result<()>) -> c_int {
        let Err(failure) = catch(|| body(self)) else { return 0 };
        let code = match failure.status {
            status::CANCELLED => ECANCELED,
            status::LIMIT => ENOMEM,
            status::TIMEOUT => ETIME,
            status::ABI => EPROTO,
            status::UNSUPPORTED => EOPNOTSUPP,
            _ => EIO,
        };
        let text = failure.to_string().replace('\0', " ");
        self.last_error = CString::new(text).ok();
        if failure.status == status::PANIC {
            self.state = State::Failed(failure);
        }
        code
    }
}

/// Gives the private data of a live stream.
///
/// # Safety
/// `stream` is NULL, released, or a stream that `start` made and nobody else uses now.
unsafe fn exported<'a>(stream: *mut FFI_ArrowArrayStream) -> Option<&'a mut Exported> {
    // SAFETY: the caller's promise; `start` put an Exported there.
    unsafe { stream.as_ref()?.private_data.cast::<Exported>().as_mut() }
}

unsafe extern "C" fn get_schema(stream: *mut FFI_ArrowArrayStream, out: *mut FFI_ArrowSchema) -> c_int {
    // SAFETY: the consumer calls it on a live stream.
    let Some(exported) = (unsafe { exported(stream) }) else { return EINVAL };
    // SAFETY: the consumer passes writable storage.
    exported.answer(|exported| unsafe { view::put_schema(out, &exported.schema) })
}

unsafe extern "C" fn get_next(stream: *mut FFI_ArrowArrayStream, out: *mut FFI_ArrowArray) -> c_int {
    // SAFETY: the consumer calls it on a live stream.
    let Some(exported) = (unsafe { exported(stream) }) else { return EINVAL };
    exported.answer(|exported| {
        let array = match exported.next()? {
            Some(batch) => FFI_ArrowArray::new(&StructArray::from(batch).to_data()),
            None => FFI_ArrowArray::empty(),
        };
        // SAFETY: the consumer passes writable storage.
        unsafe { view::put(out, array, "array") }
    })
}

unsafe extern "C" fn get_last_error(stream: *mut FFI_ArrowArrayStream) -> *const c_char {
    // SAFETY: the consumer calls it on a live stream.
    let exported = unsafe { exported(stream) };
    let text = exported.and_then(|exported| exported.last_error.as_ref());
    text.map_or(std::ptr::null(), |text| text.as_ptr())
}

unsafe extern "C" fn release(stream: *mut FFI_ArrowArrayStream) {
    // SAFETY: the consumer calls it once, on a live stream.
    let Some(stream) = (unsafe { stream.as_mut() }) else { return };
    let private = std::mem::replace(&mut stream.private_data, std::ptr::null_mut());
    stream.release = None;
    if !private.is_null() {
        // SAFETY: `start` made it with Box::into_raw.
        guard::guard_free(|| drop(unsafe { Box::from_raw(private.cast::<Exported>()) }));
    }
}

/// The schema as it leaves: views become the older types unless the session exports them as they are.
pub fn exported_schema(schema: &Schema, views: bool) -> SchemaRef {
    if views {
        return Arc::new(schema.clone());
    }
    let fields: Fields = schema.fields().iter().map(without_views).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

fn without_views(field: &FieldRef) -> FieldRef {
    let kind = match field.data_type() {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::List(item) => DataType::List(without_views(item)),
        DataType::LargeList(item) => DataType::LargeList(without_views(item)),
        DataType::FixedSizeList(item, n) => DataType::FixedSizeList(without_views(item), *n),
        DataType::Map(entries, sorted) => DataType::Map(without_views(entries), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(without_views).collect()),
        _ => return Arc::clone(field),
    };
    Arc::new(Field::clone(field).with_data_type(kind))
}

/// The batch in the schema it leaves in; nullability may differ from what the operators said.
fn exported_batch(batch: RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let mut columns = Vec::with_capacity(batch.num_columns());
    for (column, field) in batch.columns().iter().zip(schema.fields()) {
        columns.push(if column.data_type() == field.data_type() {
            Arc::clone(column)
        } else {
            cast_with_options(column, field.data_type(), &options)?
        });
    }
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &rows)?)
}
