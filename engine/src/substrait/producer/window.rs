//! Window functions: frames, FILTER, DISTINCT and null treatment, which the crate drops.

use datafusion::common::DFSchemaRef;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::expr::{self, WindowFunction};
use datafusion::logical_expr::{WindowFrame, WindowFrameBound, WindowFrameUnits};
use datafusion::scalar::ScalarValue;
use datafusion_substrait::logical_plan::producer::{SubstraitProducer, from_window_function};
use datafusion_substrait::substrait::proto::aggregate_function::AggregationInvocation;
use datafusion_substrait::substrait::proto::expression::RexType;
use datafusion_substrait::substrait::proto::{Expression, FunctionOption};
use prost::Message;

use super::Producer;
use crate::substrait::encoding as words;

impl Producer {
    pub(super) fn window(&mut self, function: &WindowFunction, schema: &DFSchemaRef) -> DfResult<Expression> {
        let params = &function.params;
        let frame = self.frame_option(&params.window_frame)?;
        let mut plain = function.clone();
        if frame.is_some() {
            plain.params.window_frame = WindowFrame::new_bounds(
                WindowFrameUnits::Rows,
                WindowFrameBound::Preceding(ScalarValue::UInt64(None)),
                WindowFrameBound::Following(ScalarValue::UInt64(None)),
            );
        }
        let mut expression = from_window_function(self, &plain, schema)?;
        if let Some(RexType::WindowFunction(inner)) = expression.rex_type.as_mut() {
            inner.options.extend(frame);
            inner.options.extend(params.null_treatment.map(null_treatment));
            if params.distinct {
                inner.invocation = AggregationInvocation::Distinct.into();
            }
        }
        match &params.filter {
            None => Ok(expression),
            Some(filter) => {
                let condition = self.handle_expr(filter, schema)?;
                Ok(self.call(words::FILTER_WINDOW, vec![expression, condition]))
            }
        }
    }

    /// The frame in words, when Substrait's would say something else.
    fn frame_option(&mut self, frame: &WindowFrame) -> DfResult<Option<FunctionOption>> {
        let rows = frame.units == WindowFrameUnits::Rows;
        let known = rows || frame.units == WindowFrameUnits::Range;
        if known && fits(&frame.start_bound, true, rows) && fits(&frame.end_bound, false, rows) {
            return Ok(None);
        }
        let (start, end) = (self.bound(&frame.start_bound)?, self.bound(&frame.end_bound)?);
        Ok(Some(FunctionOption {
            name: words::FRAME.to_owned(),
            preference: vec![frame.units.to_string(), start, end],
        }))
    }

    fn bound(&mut self, bound: &WindowFrameBound) -> DfResult<String> {
        let (word, offset) = match bound {
            WindowFrameBound::CurrentRow => return Ok("CURRENT".to_owned()),
            WindowFrameBound::Preceding(offset) => ("PRECEDING", offset),
            WindowFrameBound::Following(offset) => ("FOLLOWING", offset),
        };
        if offset.is_null() {
            return Ok(format!("UNBOUNDED {word}"));
        }
        let literal = self.handle_literal(offset)?;
        let Some(RexType::Literal(_)) = literal.rex_type else {
            return Err(words::unsupported(format!("cannot represent a window frame of {offset}")).into());
        };
        let hex: String = literal.encode_to_vec().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(format!("{word} {hex}"))
    }
}

/// Whether a bound comes back as it went in: Substrait's offsets are positive counts.
fn fits(bound: &WindowFrameBound, is_start: bool, rows: bool) -> bool {
    match bound {
        WindowFrameBound::CurrentRow => true,
        WindowFrameBound::Preceding(offset) | WindowFrameBound::Following(offset) if offset.is_null() => {
            is_start == matches!(bound, WindowFrameBound::Preceding(_))
        }
        WindowFrameBound::Preceding(offset) | WindowFrameBound::Following(offset) => {
            rows && matches!(offset, ScalarValue::UInt64(Some(n)) if *n > 0)
        }
    }
}

pub(super) fn null_treatment(treatment: expr::NullTreatment) -> FunctionOption {
    FunctionOption {
        name: words::NULL_TREATMENT.to_owned(),
        preference: vec![words::null_treatment_name(treatment).to_owned()],
    }
}
