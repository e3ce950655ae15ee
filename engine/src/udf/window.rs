//! Window functions, in the three ways plugin.h knows: over the partition, over its peer groups, over a row's frame.

use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::arrow::ffi::FFI_ArrowArray;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{Documentation, PartitionEvaluator, Signature, WindowUDFImpl};
use datafusion::physical_plan::expressions::Literal;
use datafusion::scalar::ScalarValue;

use super::declaration::Declaration;
use super::import::checked_rows;
use super::kernel::{Arguments, Schemas};
use super::options::OptionKinds;
use crate::error::{Result, status};
use crate::plugin::{WINDOW_FRAME, WINDOW_PEERS, pn_window, pn_window_call};

/// One row of a pack's table of window functions.
#[derive(Debug)]
pub struct Window {
    function: Arc<Declaration>,
    table: pn_window,
}

// SAFETY: pinion/plugin.h demands that the function is callable from many threads.
unsafe impl Send for Window {}
// SAFETY: as above.
unsafe impl Sync for Window {}

impl Window {
    /// Copies one row of the table.
    ///
    /// # Safety
    /// As for Declaration::read.
    pub unsafe fn read(pack: &str, digest: &str, row: &pn_window, options: &OptionKinds) -> Result<Self> {
        // SAFETY: the caller's promise.
        let function = unsafe { Declaration::read(pack, digest, row.function, options)? };
        if row.evaluate.is_none() {
            return Err(function.failure(status::ABI, "has no evaluate"));
        }
        Ok(Window { function, table: *row })
    }

    pub fn declaration(&self) -> &Arc<Declaration> {
        &self.function
    }
}

#[derive(Debug)]
pub struct WindowFunction(pub Arc<Window>);

impl WindowFunction {
    pub fn new(window: Window) -> Self {
        WindowFunction(Arc::new(window))
    }
}

impl PartialEq for WindowFunction {
    fn eq(&self, other: &Self) -> bool {
        self.0.function == other.0.function
    }
}

impl Eq for WindowFunction {}

impl Hash for WindowFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.function.hash(state);
    }
}

impl WindowUDFImpl for WindowFunction {
    fn name(&self) -> &str {
        &self.0.function.name
    }

    fn aliases(&self) -> &[String] {
        &self.0.function.aliases
    }

    fn signature(&self) -> &Signature {
        &self.0.function.signature
    }

    fn partition_evaluator(&self, args: PartitionEvaluatorArgs<'_>) -> DfResult<Box<dyn PartitionEvaluator>> {
        let is_literal = args.input_exprs().iter().map(|expr| expr.downcast_ref::<Literal>().is_some());
        self.0.function.check_literals(is_literal)?;
        Ok(Box::new(Evaluator {
            window: Arc::clone(&self.0),
            schemas: Schemas::new(args.input_fields())?,
            result: self.0.function.return_field(args.input_fields(), &[])?,
            ignore_nulls: args.ignore_nulls(),
            exported: None,
        }))
    }

    fn field(&self, args: WindowUDFFieldArgs<'_>) -> DfResult<FieldRef> {
        let field = self.0.function.return_field(args.input_fields(), &[])?;
        Ok(Arc::new(field.as_ref().clone().with_name(args.name())))
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> DfResult<Vec<DataType>> {
        Ok(self.0.function.coerce(arg_types)?)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.0.function.documentation.as_ref()
    }
}

struct Evaluator {
    window: Arc<Window>,
    schemas: Arc<Schemas>,
    result: FieldRef,
    ignore_nulls: bool,
    /// The columns of the last call, exported: frames come row by row over the same columns.
    exported: Option<(Vec<ArrayRef>, Arguments)>,
}

impl std::fmt::Debug for Evaluator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Evaluator({})", self.window.function.name)
    }
}

impl Evaluator {
    fn export(&mut self, values: &[ArrayRef]) -> &Arguments {
        let wanted = &values[..self.schemas.len().min(values.len())];
        let same = |known: &[ArrayRef]| {
            known.len() == wanted.len() && known.iter().zip(wanted).all(|(a, b)| Arc::ptr_eq(a, b))
        };
        if !self.exported.as_ref().is_some_and(|(known, _)| same(known)) {
            self.exported = Some((wanted.to_vec(), Arguments::columns(&self.schemas, wanted)));
        }
        &self.exported.as_ref().expect("it was set above").1
    }

    /// Calls the function with what depends on the mode: peer groups, or a frame.
    fn evaluate_call(
        &mut self,
        values: &[ArrayRef],
        n_rows: usize,
        peer_ends: &[u64],
        frame: &Range<usize>,
    ) -> Result<ArrayRef> {
        let window = Arc::clone(&self.window);
        let (function, ignore_nulls) = (&window.function, i32::from(self.ignore_nulls));
        let Some(evaluate) = window.table.evaluate else {
            return Err(function.failure(status::ABI, "has no evaluate"));
        };
        let call = self.export(values).call(n_rows, std::ptr::null());
        let call = pn_window_call {
            struct_size: size_of::<pn_window_call>() as u32,
            ignore_nulls,
            call: &call,
            n_peers: peer_ends.len() as u64,
            peer_ends: peer_ends.as_ptr(),
            frame_start: frame.start as u64,
            frame_end: frame.end as u64,
        };
        let mut out = FFI_ArrowArray::empty();
        // SAFETY: all pointers live during the call; plugin.h says what the function may do.
        function.run(|text, cap| unsafe { evaluate(function.table.ctx, &call, &mut out, text, cap) })?;
        let rows = if window.table.mode == WINDOW_FRAME { 1 } else { n_rows };
        checked_rows(out, self.result.data_type(), rows).map_err(|why| function.failure(status::ABI, &why))
    }
}

impl PartitionEvaluator for Evaluator {
    fn evaluate_all(&mut self, values: &[ArrayRef], num_rows: usize) -> DfResult<ArrayRef> {
        Ok(self.evaluate_call(values, num_rows, &[], &(0..num_rows))?)
    }

    fn evaluate(&mut self, values: &[ArrayRef], range: &Range<usize>) -> DfResult<ScalarValue> {
        let n_rows = values.first().map_or(range.end, |array| array.len());
        let array = self.evaluate_call(values, n_rows, &[], range)?;
        ScalarValue::try_from_array(&array, 0)
    }

    fn evaluate_all_with_rank(&self, num_rows: usize, peers: &[Range<usize>]) -> DfResult<ArrayRef> {
        // Functions of peer groups take no arguments, so nothing is exported and nothing kept.
        let ends: Vec<u64> = peers.iter().map(|range| range.end as u64).collect();
        let mut once = Evaluator {
            window: Arc::clone(&self.window),
            schemas: Arc::clone(&self.schemas),
            result: Arc::clone(&self.result),
            ignore_nulls: self.ignore_nulls,
            exported: None,
        };
        Ok(once.evaluate_call(&[], num_rows, &ends, &(0..num_rows))?)
    }

    fn uses_window_frame(&self) -> bool {
        self.window.table.mode == WINDOW_FRAME
    }

    fn include_rank(&self) -> bool {
        self.window.table.mode == WINDOW_PEERS
    }
}
