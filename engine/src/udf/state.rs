//! The state of an aggregate: the groups of one partition, or the one group of an aggregate without GROUP BY.
//!
//! Groups are numbered from 0 without holes. What leaves (partial states, results) is removed at the front, and the
//! rest moves down; `groups` follows that, so that "all" is a number for the pack.

use std::ffi::c_void;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray};
use datafusion::arrow::compute::{filter, prep_null_mask_filter};
use datafusion::arrow::datatypes::{Field, FieldRef};
use datafusion::arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use datafusion::scalar::ScalarValue;

use super::aggregate::Aggregate;
use super::import::checked_rows;
use super::kernel::{Arguments, Scalars, Schemas};
use crate::error::{Failure, Result, status};
use crate::plugin::{pn_aggregate_open, pn_groups_fn};

/// How the aggregate is called in the plan.
#[derive(Debug, Clone)]
pub struct Opening {
    pub fields: Vec<FieldRef>,
    pub scalars: Vec<Option<ScalarValue>>,
    pub result: FieldRef,
    pub ignore_nulls: bool,
    pub is_distinct: bool,
    pub is_sliding: bool,
}

pub struct State {
    aggregate: Arc<Aggregate>,
    opening: Opening,
    args: Arc<Schemas>,
    states: Arc<Schemas>,
    state: *mut c_void,
    groups: usize,
}

// SAFETY: pinion/plugin.h demands that a state may move between threads; it is used by one at a time.
unsafe impl Send for State {}

impl Drop for State {
    fn drop(&mut self) {
        if let Some(destroy) = self.aggregate.table.destroy {
            // SAFETY: the state was made by create and is not used again.
            unsafe { destroy(self.state) };
        }
    }
}

impl State {
    pub fn open(aggregate: &Arc<Aggregate>, opening: Opening) -> Result<Self> {
        let function = &aggregate.function;
        let Some(create) = aggregate.table.create else {
            return Err(function.failure(status::ABI, "has no create"));
        };
        let args = Schemas::new(&opening.fields)?;
        let fields: Vec<FieldRef> =
            aggregate.states.iter().map(|kind| Arc::new(Field::new("", kind.clone(), true))).collect();
        let states = Schemas::new(&fields)?;
        let result = FFI_ArrowSchema::try_from(opening.result.as_ref())?;
        let scalars = Scalars::new(opening.scalars.iter().map(Option::as_ref))?;
        let (schema_ptrs, scalar_ptrs) = (args.pointers(), scalars.pointers(args.len()));
        let open = pn_aggregate_open {
            struct_size: size_of::<pn_aggregate_open>() as u32,
            n_args: args.len() as u32,
            ignore_nulls: i32::from(opening.ignore_nulls),
            is_distinct: i32::from(opening.is_distinct),
            args: schema_ptrs.as_ptr(),
            scalars: scalar_ptrs.as_ptr(),
            result: &result,
            is_sliding: i32::from(opening.is_sliding),
            reserved: 0,
        };
        let mut state = std::ptr::null_mut();
        // SAFETY: all pointers live during the call; plugin.h says what the function may do.
        function.run(|text, cap| unsafe { create(function.table.ctx, &open, &mut state, text, cap) })?;
        if state.is_null() {
            return Err(function.failure(status::ABI, "made no state"));
        }
        Ok(State { aggregate: Arc::clone(aggregate), opening, args, states, state, groups: 0 })
    }

    pub fn ungrouped(self) -> Ungrouped {
        Ungrouped { state: self, zeros: Vec::new() }
    }

    fn wrong(&self, why: &str) -> Failure {
        self.aggregate.function.failure(status::ABI, why)
    }

    /// Rows into the state or out of it; `groups[i]` is the group of row i.
    fn feed(
        &mut self,
        function: Option<pn_groups_fn>,
        schemas: &Arc<Schemas>,
        values: &[ArrayRef],
        groups: &[usize],
        n_groups: usize,
    ) -> Result<()> {
        let Some(function) = function else { return Err(self.wrong("lacks a function that is needed")) };
        if values.len() < schemas.len() {
            return Err(self.wrong(&format!("got {} columns for {}", values.len(), schemas.len())));
        }
        self.groups = self.groups.max(n_groups);
        let arguments = Arguments::columns(schemas, values);
        let call = arguments.call(groups.len(), std::ptr::null());
        let (state, n_groups) = (self.state, self.groups as u64);
        // A usize is 64 bits wide (plugin.rs), so the numbers cross as they are.
        let numbers = groups.as_ptr().cast::<u64>();
        // SAFETY: all pointers live during the call; plugin.h says what the function may do.
        self.aggregate.function.run(|text, cap| unsafe { function(state, &call, numbers, n_groups, text, cap) })
    }

    fn update(&mut self, values: &[ArrayRef], groups: &[usize], n_groups: usize) -> Result<()> {
        let args = Arc::clone(&self.args);
        self.feed(self.aggregate.table.update, &args, values, groups, n_groups)
    }

    fn merge(&mut self, values: &[ArrayRef], groups: &[usize], n_groups: usize) -> Result<()> {
        let states = Arc::clone(&self.states);
        self.feed(self.aggregate.table.merge, &states, values, groups, n_groups)
    }

    /// Takes the partial states of the first `n` groups out.
    fn partials(&mut self, n: usize) -> Result<Vec<ArrayRef>> {
        let Some(emit) = self.aggregate.table.emit else { return Err(self.wrong("has no emit")) };
        let kinds = &self.aggregate.states;
        let mut out: Vec<FFI_ArrowArray> = kinds.iter().map(|_| FFI_ArrowArray::empty()).collect();
        let (state, place) = (self.state, out.as_mut_ptr());
        // SAFETY: `place` has room for n_state arrays; plugin.h says what the function may do.
        self.aggregate.function.run(|text, cap| unsafe { emit(state, n as u64, place, text, cap) })?;
        let mut made = Vec::with_capacity(out.len());
        for (i, (array, kind)) in out.into_iter().zip(kinds).enumerate() {
            let array = checked_rows(array, kind, n);
            made.push(array.map_err(|why| self.wrong(&format!("{why}, as state column {}", i + 1)))?);
        }
        self.groups = self.groups.saturating_sub(n);
        Ok(made)
    }

    /// The results of the first `n` groups; they are taken out unless `keep`.
    pub fn results(&mut self, n: usize, keep: bool) -> Result<ArrayRef> {
        let Some(evaluate) = self.aggregate.table.evaluate else { return Err(self.wrong("has no evaluate")) };
        let mut out = FFI_ArrowArray::empty();
        let (state, place) = (self.state, &raw mut out);
        // SAFETY: all pointers live during the call; plugin.h says what the function may do.
        self.aggregate
            .function
            .run(|text, cap| unsafe { evaluate(state, n as u64, i32::from(keep), place, text, cap) })?;
        let result = &self.opening.result;
        let array = checked_rows(out, result.data_type(), n).map_err(|why| self.wrong(&why))?;
        if !result.is_nullable() && array.logical_null_count() > 0 {
            return Err(self.wrong("returned nulls in a result that it declares to have none"));
        }
        if !keep {
            self.groups = self.groups.saturating_sub(n);
        }
        Ok(array)
    }

    fn bytes(&self) -> usize {
        let held = self.aggregate.table.size.map_or(0, |size| {
            // SAFETY: the state is alive; it is used by this thread alone.
            unsafe { size(self.state) }
        });
        held + size_of::<Self>()
    }

    fn count(&self, emit_to: EmitTo) -> usize {
        match emit_to {
            EmitTo::All => self.groups,
            EmitTo::First(n) => n,
        }
    }
}

/// Rows that the FILTER lets through, and their groups.
fn passing(values: &[ArrayRef], groups: &[usize], mask: &BooleanArray) -> Result<(Vec<ArrayRef>, Vec<usize>)> {
    let mask = if mask.null_count() > 0 { prep_null_mask_filter(mask) } else { mask.clone() };
    let values = values.iter().map(|array| Ok(filter(array, &mask)?)).collect::<Result<_>>()?;
    let groups = groups.iter().zip(mask.values().iter()).filter(|(_, passes)| *passes).map(|(group, _)| *group);
    Ok((values, groups.collect()))
}

impl GroupsAccumulator for State {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        opt_filter: Option<&BooleanArray>,
        n_groups: usize,
    ) -> DfResult<()> {
        match opt_filter {
            None => self.update(values, groups, n_groups)?,
            Some(mask) => {
                let (values, groups) = passing(values, groups, mask)?;
                self.update(&values, &groups, n_groups)?;
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], n_groups: usize) -> DfResult<()> {
        Ok(self.merge(values, groups, n_groups)?)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> DfResult<ArrayRef> {
        Ok(self.results(self.count(emit_to), false)?)
    }

    fn state(&mut self, emit_to: EmitTo) -> DfResult<Vec<ArrayRef>> {
        Ok(self.partials(self.count(emit_to))?)
    }

    /// Each row as a group of its own, in a state made for it.
    fn convert_to_state(&self, values: &[ArrayRef], opt_filter: Option<&BooleanArray>) -> DfResult<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |array| array.len());
        let groups: Vec<usize> = (0..rows).collect();
        let mut single = State::open(&self.aggregate, self.opening.clone())?;
        single.update_batch(values, &groups, opt_filter, rows)?;
        Ok(single.partials(rows)?)
    }

    fn size(&self) -> usize {
        self.bytes()
    }
}

/// One group.
pub struct Ungrouped {
    state: State,
    /// The group of each row.
    zeros: Vec<usize>,
}

// SAFETY: only `size` and `Debug` take it shared, and neither is called while another thread uses it.
unsafe impl Sync for Ungrouped {}

impl std::fmt::Debug for Ungrouped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ungrouped({})", self.state.aggregate.function.name)
    }
}

impl Ungrouped {
    fn group_of_all(&mut self, values: &[ArrayRef]) -> usize {
        let rows = values.first().map_or(0, |array| array.len());
        if self.zeros.len() < rows {
            self.zeros.resize(rows, 0);
        }
        rows
    }
}

impl Accumulator for Ungrouped {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DfResult<()> {
        let rows = self.group_of_all(values);
        Ok(self.state.update(values, &self.zeros[..rows], 1)?)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DfResult<()> {
        let rows = self.group_of_all(states);
        Ok(self.state.merge(states, &self.zeros[..rows], 1)?)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> DfResult<()> {
        let rows = self.group_of_all(values);
        let args = Arc::clone(&self.state.args);
        Ok(self.state.feed(self.state.aggregate.table.retract, &args, values, &self.zeros[..rows], 1)?)
    }

    fn supports_retract_batch(&self) -> bool {
        self.state.aggregate.table.retract.is_some()
    }

    fn evaluate(&mut self) -> DfResult<ScalarValue> {
        let array = self.state.results(1, true)?;
        ScalarValue::try_from_array(&array, 0)
    }

    fn state(&mut self) -> DfResult<Vec<ScalarValue>> {
        let partials = self.state.partials(1)?;
        partials.iter().map(|array| ScalarValue::try_from_array(array, 0)).collect()
    }

    fn size(&self) -> usize {
        self.state.bytes() + self.zeros.capacity() * size_of::<usize>()
    }
}
