//! Aggregate functions: the declaration side. What holds their groups is in state.rs.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature};
use datafusion::physical_plan::expressions::Literal;
use datafusion::scalar::ScalarValue;

use super::declaration::{Declaration, texts};
use super::format::type_of_format;
use super::options::{OptionKinds, check_call};
use super::state::{Opening, State};
use crate::error::{Failure, Result, status};
use crate::plugin::{AGGREGATE_IGNORES_NULLS, pn_aggregate};

/// One row of a pack's table of aggregates.
#[derive(Debug)]
pub struct Aggregate {
    pub function: Arc<Declaration>,
    pub states: Vec<DataType>,
    pub table: pn_aggregate,
}

// SAFETY: pinion/plugin.h demands that the functions are callable from many threads, each on a state of its own.
unsafe impl Send for Aggregate {}
// SAFETY: as above.
unsafe impl Sync for Aggregate {}

impl Aggregate {
    /// Copies one row of the table.
    ///
    /// # Safety
    /// As for Declaration::read.
    pub unsafe fn read(pack: &str, digest: &str, row: &pn_aggregate, options: &OptionKinds) -> Result<Self> {
        // SAFETY: the caller's promise, here and below.
        let function = unsafe { Declaration::read(pack, digest, row.function, options)? };
        let whole = row.create.is_some()
            && row.destroy.is_some()
            && row.update.is_some()
            && row.merge.is_some()
            && row.emit.is_some()
            && row.evaluate.is_some()
            && row.size.is_some();
        if !whole || row.n_state == 0 {
            return Err(function.failure(status::ABI, "lacks a function or a state column"));
        }
        // SAFETY: as above.
        let formats = unsafe { texts(row.state_formats, Some(row.n_state as usize))? };
        let states = formats.iter().map(|format| type_of_format(format)).collect::<Result<_>>()?;
        Ok(Aggregate { function, states, table: *row })
    }
}

#[derive(Debug)]
pub struct AggregateFunction {
    pub aggregate: Arc<Aggregate>,
    /// The value of no rows, by type of result.
    empty: Mutex<HashMap<DataType, ScalarValue>>,
}

impl PartialEq for AggregateFunction {
    fn eq(&self, other: &Self) -> bool {
        self.aggregate.function == other.aggregate.function
    }
}

impl Eq for AggregateFunction {}

impl Hash for AggregateFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.aggregate.function.hash(state);
    }
}

impl AggregateFunction {
    pub fn new(aggregate: Aggregate) -> Self {
        AggregateFunction { aggregate: Arc::new(aggregate), empty: Mutex::default() }
    }

    fn function(&self) -> &Declaration {
        &self.aggregate.function
    }

    fn open(&self, args: &AccumulatorArgs<'_>, is_sliding: bool) -> Result<State> {
        check_call(self.function(), self.aggregate.table.flags, args.is_distinct, !args.order_bys.is_empty())?;
        if args.exprs.is_empty() {
            let why = "is called without an argument, so there are no rows it could see";
            return Err(self.function().failure(status::PLAN, why));
        }
        let literals: Vec<Option<&ScalarValue>> =
            args.exprs.iter().map(|expr| expr.downcast_ref::<Literal>().map(Literal::value)).collect();
        self.function().check_literals(literals.iter().map(Option::is_some))?;
        let opening = Opening {
            fields: args.expr_fields.to_vec(),
            scalars: literals.into_iter().map(|value| value.cloned()).collect(),
            result: Arc::clone(&args.return_field),
            ignore_nulls: args.ignore_nulls,
            is_distinct: args.is_distinct,
            is_sliding,
        };
        State::open(&self.aggregate, opening)
    }

    /// What a state says that saw nothing.
    fn of_nothing(&self, kind: &DataType) -> Result<ScalarValue> {
        let result = Arc::new(Field::new(&self.function().name, kind.clone(), true));
        let opening = Opening {
            fields: Vec::new(),
            scalars: Vec::new(),
            result,
            ignore_nulls: false,
            is_distinct: false,
            is_sliding: false,
        };
        let array = State::open(&self.aggregate, opening)?.results(1, false)?;
        Ok(ScalarValue::try_from_array(&array, 0)?)
    }
}

impl AggregateUDFImpl for AggregateFunction {
    fn name(&self) -> &str {
        &self.function().name
    }

    fn aliases(&self) -> &[String] {
        &self.function().aliases
    }

    fn signature(&self) -> &Signature {
        &self.function().signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> DfResult<DataType> {
        Ok(self.function().return_type(arg_types)?)
    }

    fn return_field(&self, arg_fields: &[FieldRef]) -> DfResult<FieldRef> {
        Ok(self.function().return_field(arg_fields, &[])?)
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> DfResult<Vec<DataType>> {
        Ok(self.function().coerce(arg_types)?)
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> DfResult<Vec<FieldRef>> {
        let field = |(i, kind): (usize, &DataType)| {
            Arc::new(Field::new(format_state_name(args.name, &format!("state_{i}")), kind.clone(), true))
        };
        Ok(self.aggregate.states.iter().enumerate().map(field).collect())
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> DfResult<Box<dyn Accumulator>> {
        Ok(Box::new(self.open(&args, false)?.ungrouped()))
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs<'_>) -> DfResult<Box<dyn Accumulator>> {
        if self.aggregate.table.retract.is_none() {
            let failure: Failure = self
                .function()
                .failure(status::UNSUPPORTED, "has no way to take rows out again, as a sliding window needs")
                .with_hint("start the frame at UNBOUNDED PRECEDING");
            return Err(failure.into());
        }
        Ok(Box::new(self.open(&args, true)?.ungrouped()))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> DfResult<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(self.open(&args, false)?))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn default_value(&self, kind: &DataType) -> DfResult<ScalarValue> {
        let mut known = self.empty.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = known.get(kind) {
            return Ok(value.clone());
        }
        let value = self.of_nothing(kind)?;
        known.insert(kind.clone(), value.clone());
        Ok(value)
    }

    fn supports_null_handling_clause(&self) -> bool {
        self.aggregate.table.flags & AGGREGATE_IGNORES_NULLS != 0
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.function().documentation.as_ref()
    }
}
