//! Scalar functions that may wait: the kernel runs on a blocking thread, beside the workers.
//!
//! Foreign code cannot be killed. When the time is over the function is asked to stop; one that does not within the
//! grace period is disabled by name, so that it holds no more threads than it has. Whoever drops the query asks too.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::compute::concat;
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::config::ConfigOptions;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};
use datafusion::scalar::ScalarValue;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::declaration::Declaration;
use super::options::{PackOption, PackOptions};
use super::scalar::ScalarFunction;
use crate::engine::join_failure;
use crate::error::{Result, status};

/// The settings of all functions of this kind: they say how one runs, never what it gives.
const TIMEOUT_MS: &str = "pinion_async.timeout_ms";
const GRACE_MS: &str = "pinion_async.grace_ms";
const BATCH_ROWS: &str = "pinion_async.ideal_batch_size";

pub fn options() -> Vec<PackOption> {
    vec![
        PackOption::number(TIMEOUT_MS, 30_000, "Milliseconds one call of a function that may wait may take."),
        PackOption::number(GRACE_MS, 1_000, "Milliseconds it has to stop after that."),
        PackOption::number(BATCH_ROWS, 0, "Rows one call gets at most; 0 = as many as there are."),
    ]
}

struct Policy {
    timeout: Duration,
    grace: Duration,
    rows: usize,
}

impl Policy {
    fn of(config: &ConfigOptions) -> DfResult<Self> {
        let number = |key| match PackOptions::value(config, key)? {
            ScalarValue::Int64(Some(n)) if n >= 0 => Ok(n as u64),
            other => Err(datafusion::error::DataFusionError::Configuration(format!("'{key}' is {other}"))),
        };
        let rows = number(BATCH_ROWS)? as usize;
        Ok(Policy {
            timeout: Duration::from_millis(number(TIMEOUT_MS)?),
            grace: Duration::from_millis(number(GRACE_MS)?),
            rows: if rows == 0 { usize::MAX } else { rows },
        })
    }
}

#[derive(Debug)]
struct AsyncFunction {
    function: Arc<ScalarFunction>,
    signature: Signature,
    stuck: Arc<AtomicBool>,
}

impl PartialEq for AsyncFunction {
    fn eq(&self, other: &Self) -> bool {
        self.function == other.function
    }
}

impl Eq for AsyncFunction {}

impl std::hash::Hash for AsyncFunction {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.function.hash(state);
    }
}

/// The functions of this kind that there are: the engine's wrapper shows nothing of them but their signatures.
static MADE: Mutex<Vec<Weak<AsyncFunction>>> = Mutex::new(Vec::new());

/// The engine's wrapper of such functions has no aliases, so they have none.
pub fn function(declaration: &Arc<Declaration>) -> Result<Arc<ScalarUDF>> {
    let made = Arc::new(AsyncFunction {
        function: ScalarFunction(Arc::clone(declaration)).into(),
        signature: declaration.exact_signature()?,
        stuck: Arc::default(),
    });
    let mut all = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|known| known.strong_count() > 0);
    all.push(Arc::downgrade(&made));
    Ok(Arc::new(AsyncScalarUDF::new(made).into_scalar_udf()))
}

/// What stands behind the wrapper; None when it is no function of a pack.
pub fn declaration_of(called: &ScalarUDF) -> Option<Arc<Declaration>> {
    called.as_async()?;
    let all = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut living = all.iter().filter_map(Weak::upgrade);
    let made = living.find(|made| std::ptr::eq(&raw const made.signature, called.signature()))?;
    Some(Arc::clone(&made.function.0))
}

/// A running call: dropped, it asks the kernel to stop and disables a function that does not. While it waits for a
/// thread it cannot listen, which is no fault of its own.
struct Call {
    stop: Arc<AtomicI32>,
    started: Arc<AtomicBool>,
    task: Option<JoinHandle<Result<ColumnarValue>>>,
    grace: Duration,
    stuck: Arc<AtomicBool>,
}

impl Call {
    fn start(function: &AsyncFunction, args: ScalarFunctionArgs, grace: Duration) -> Self {
        let stop = Arc::new(AtomicI32::new(0));
        let started = Arc::new(AtomicBool::new(false));
        let (kernel, flag, begun) = (Arc::clone(&function.function), Arc::clone(&stop), Arc::clone(&started));
        let task = tokio::task::spawn_blocking(move || {
            if flag.load(Ordering::Acquire) != 0 {
                return Err(kernel.0.failure(status::CANCELLED, "was cancelled before it began"));
            }
            begun.store(true, Ordering::Release);
            kernel.invoke(&args, flag.as_ptr())
        });
        Call { stop, started, task: Some(task), grace, stuck: Arc::clone(&function.stuck) }
    }

    /// Asks it to stop; false when it did not within the grace period.
    async fn halt(&mut self) -> bool {
        self.stop.store(1, Ordering::Release);
        let Some(task) = self.task.take() else { return true };
        let stopped = timeout(self.grace, task).await.is_ok() || !self.started.load(Ordering::Acquire);
        if !stopped {
            self.stuck.store(true, Ordering::Release);
        }
        stopped
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.stop.store(1, Ordering::Release);
        if let (Some(task), Ok(runtime)) = (self.task.take(), tokio::runtime::Handle::try_current()) {
            let (grace, stuck, started) = (self.grace, Arc::clone(&self.stuck), Arc::clone(&self.started));
            drop(runtime.spawn(async move {
                if timeout(grace, task).await.is_err() && started.load(Ordering::Acquire) {
                    stuck.store(true, Ordering::Release);
                }
            }));
        }
    }
}

impl AsyncFunction {
    async fn evaluate(&self, args: ScalarFunctionArgs, policy: &Policy) -> Result<ArrayRef> {
        let declaration = &self.function.0;
        if self.stuck.load(Ordering::Acquire) {
            return Err(declaration
                .failure(status::UNSUPPORTED, "is disabled: a call of it did not stop when it was asked to")
                .with_hint("restart the process; the pack must look at 'stop' of its calls"));
        }
        let rows = args.number_rows;
        let mut call = Call::start(self, args, policy.grace);
        let Some(task) = call.task.as_mut() else { unreachable!("it was started above") };
        let value = match timeout(policy.timeout, task).await {
            Ok(done) => {
                call.task = None;
                done.map_err(join_failure)??
            }
            Err(_) => {
                let after = format!("timed out after {} ms", policy.timeout.as_millis());
                let why = match call.halt().await {
                    true => after,
                    false => format!("{after}, did not stop when it was asked to, and is disabled"),
                };
                return Err(declaration
                    .failure(status::TIMEOUT, &why)
                    .with_hint(format!("SET {TIMEOUT_MS} allows it more time")));
            }
        };
        Ok(value.into_array(rows)?)
    }
}

impl ScalarUDFImpl for AsyncFunction {
    fn name(&self) -> &str {
        self.function.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> DfResult<DataType> {
        self.function.return_type(arg_types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> DfResult<FieldRef> {
        self.function.return_field_from_args(args)
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> DfResult<ColumnarValue> {
        let why = "may wait, so it stands in SELECT and WHERE only";
        Err(self.function.0.failure(status::UNSUPPORTED, why).into())
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for AsyncFunction {
    async fn invoke_async_with_args(&self, args: ScalarFunctionArgs) -> DfResult<ColumnarValue> {
        let policy = Policy::of(&args.config_options)?;
        if args.number_rows <= policy.rows {
            return Ok(ColumnarValue::Array(self.evaluate(args, &policy).await?));
        }
        let mut parts = Vec::new();
        let mut done = 0;
        while done < args.number_rows {
            let rows = policy.rows.min(args.number_rows - done);
            let mut part = args.clone();
            part.number_rows = rows;
            for value in &mut part.args {
                if let ColumnarValue::Array(array) = value {
                    *array = array.slice(done, rows);
                }
            }
            parts.push(self.evaluate(part, &policy).await?);
            done += rows;
        }
        let parts: Vec<_> = parts.iter().map(AsRef::as_ref).collect();
        Ok(ColumnarValue::Array(concat(&parts)?))
    }
}
