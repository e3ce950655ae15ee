//! Expressions: the functions and options that stand for what Substrait has no word for.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::DFSchema;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::expr::{NullTreatment, Placeholder};
use datafusion::logical_expr::{
    Cast, Expr, Like, TryCast, WindowFrame, WindowFrameBound, WindowFrameUnits, binary_expr,
};
use datafusion::scalar::ScalarValue;
use datafusion_substrait::logical_plan::consumer::{
    SubstraitConsumer, from_substrait_agg_func, from_substrait_sorts, substrait_fun_name,
};
use datafusion_substrait::substrait::proto::aggregate_function::AggregationInvocation;
use datafusion_substrait::substrait::proto::aggregate_rel::Measure;
use datafusion_substrait::substrait::proto::expression::ScalarFunction;
use datafusion_substrait::substrait::proto::function_argument::ArgType;
use datafusion_substrait::substrait::proto::{Expression, FunctionOption};
use prost::Message;

use super::Consumer;
use crate::error::Result;
use crate::substrait::encoding as words;
use crate::substrait::types;

impl Consumer<'_> {
    fn function_name(&self, reference: u32) -> &str {
        self.extensions.functions.get(&reference).map_or("", |name| substrait_fun_name(name))
    }

    pub(super) async fn argument(&self, f: &ScalarFunction, i: usize, schema: &DFSchema) -> Result<Expr> {
        match f.arguments.get(i).and_then(|argument| argument.arg_type.as_ref()) {
            Some(ArgType::Value(value)) => Ok(self.consume_expression(value, schema).await?),
            _ => {
                let name = self.function_name(f.function_reference);
                Err(words::corrupt(format!("function {name} lacks argument {} in a Substrait plan", i + 1)))
            }
        }
    }

    pub(super) async fn text_argument(&self, f: &ScalarFunction, i: usize, schema: &DFSchema) -> Result<String> {
        match self.argument(f, i, schema).await? {
            Expr::Literal(ScalarValue::Utf8(Some(text)), _) => Ok(text),
            other => Err(words::corrupt(format!("{other} stands where a text belongs in a Substrait plan"))),
        }
    }

    /// The functions that stand for what Substrait has no word for; None for all others.
    pub(super) async fn own_function(&self, f: &ScalarFunction, schema: &DFSchema) -> Result<Option<Expr>> {
        let name = self.function_name(f.function_reference);
        if name == "logb" && f.arguments.len() == 1 {
            // Substrait's has two arguments always; SQL's log of one is to base 10.
            let arguments = vec![self.argument(f, 0, schema).await?];
            return Ok(Some(self.state.udf("log")?.call(arguments)));
        }
        if !name.starts_with("pinion_") {
            return Ok(None);
        }
        let expr = match name {
            words::CAST | words::TRY_CAST => {
                let value = Box::new(self.argument(f, 0, schema).await?);
                let mut field = Field::new("", types::type_of(&self.text_argument(f, 1, schema).await?)?, true);
                if f.arguments.len() > 2 {
                    let metadata = words::metadata_of(&self.text_argument(f, 2, schema).await?)?;
                    field = metadata.add_to_field(field);
                }
                if name == words::CAST {
                    Expr::Cast(Cast::new_from_field(value, Arc::new(field)))
                } else {
                    Expr::TryCast(TryCast::new_from_field(value, Arc::new(field)))
                }
            }
            words::LITERAL => {
                let Expr::Literal(stored, _) = self.argument(f, 0, schema).await? else {
                    return Err(words::corrupt(format!("{name} holds no literal in a Substrait plan")));
                };
                let kind = types::type_of(&self.text_argument(f, 1, schema).await?)?;
                let metadata = words::metadata_of(&self.text_argument(f, 2, schema).await?)?;
                let metadata = (!metadata.is_empty()).then_some(metadata);
                Expr::Literal(types::restored(&stored, &kind)?, metadata)
            }
            words::WITH_METADATA => {
                let value = self.argument(f, 0, schema).await?;
                let metadata = words::metadata_of(&self.text_argument(f, 1, schema).await?)?;
                let name = value.schema_name().to_string();
                value.alias_with_metadata(name, Some(metadata))
            }
            words::FILTER_WINDOW => {
                let Expr::WindowFunction(mut window) = self.argument(f, 0, schema).await? else {
                    return Err(words::corrupt(format!("{name} holds no window function in a Substrait plan")));
                };
                window.params.filter = Some(Box::new(self.argument(f, 1, schema).await?));
                Expr::WindowFunction(window)
            }
            words::SIMILAR_TO => {
                let value = Box::new(self.argument(f, 0, schema).await?);
                let pattern = Box::new(self.argument(f, 1, schema).await?);
                let escape = self.text_argument(f, 2, schema).await?.chars().next();
                Expr::SimilarTo(Like::new(false, value, pattern, escape, false))
            }
            words::OPERATOR => {
                let (left, right) = (self.argument(f, 0, schema).await?, self.argument(f, 1, schema).await?);
                let text = self.text_argument(f, 2, schema).await?;
                let own = words::OWN_OPERATORS.iter().find(|(_, own)| *own == text);
                let unknown = || words::corrupt(format!("unknown operator '{text}' in a Substrait plan"));
                binary_expr(left, own.ok_or_else(unknown)?.0, right)
            }
            words::PARAMETER => {
                let id = self.text_argument(f, 0, schema).await?;
                let kind = self.text_argument(f, 1, schema).await?;
                let field = if kind.is_empty() { None } else { Some(Field::new(&id, types::type_of(&kind)?, true)) };
                Expr::Placeholder(Placeholder::new_with_field(id, field.map(Arc::new)))
            }
            // A function of a pack may have such a name.
            _ => return Ok(None),
        };
        Ok(Some(expr))
    }

    pub(super) async fn frame(&self, option: &FunctionOption, schema: &DFSchema) -> Result<WindowFrame> {
        let [units, start, end] = option.preference.as_slice() else {
            return Err(words::corrupt("a window frame in a Substrait plan is damaged"));
        };
        let units = match units.as_str() {
            "ROWS" => WindowFrameUnits::Rows,
            "RANGE" => WindowFrameUnits::Range,
            "GROUPS" => WindowFrameUnits::Groups,
            other => return Err(words::corrupt(format!("unknown window frame '{other}' in a Substrait plan"))),
        };
        let (start, end) = (self.bound(start, schema).await?, self.bound(end, schema).await?);
        Ok(WindowFrame::new_bounds(units, start, end))
    }

    pub(super) async fn bound(&self, text: &str, schema: &DFSchema) -> Result<WindowFrameBound> {
        let damaged = || words::corrupt(format!("the window frame bound '{text}' in a Substrait plan is damaged"));
        match text {
            "CURRENT" => return Ok(WindowFrameBound::CurrentRow),
            "UNBOUNDED PRECEDING" => return Ok(WindowFrameBound::Preceding(ScalarValue::Null)),
            "UNBOUNDED FOLLOWING" => return Ok(WindowFrameBound::Following(ScalarValue::Null)),
            _ => {}
        }
        let (word, hex) = text.split_once(' ').ok_or_else(damaged)?;
        let bytes = types::from_hex(hex).ok_or_else(damaged)?;
        let expression = Expression::decode(bytes.as_slice()).map_err(|_| damaged())?;
        match (word, self.consume_expression(&expression, schema).await?) {
            ("PRECEDING", Expr::Literal(offset, _)) => Ok(WindowFrameBound::Preceding(offset)),
            ("FOLLOWING", Expr::Literal(offset, _)) => Ok(WindowFrameBound::Following(offset)),
            _ => Err(damaged()),
        }
    }

    pub(super) async fn measure(&self, measure: &Measure, schema: &DFSchema) -> Result<Expr> {
        let Some(function) = &measure.measure else {
            return Err(words::corrupt("an aggregate without a function in a Substrait plan"));
        };
        let filter = match &measure.filter {
            Some(filter) => Some(Box::new(self.consume_expression(filter, schema).await?)),
            None => None,
        };
        let order_by = from_substrait_sorts(self, &function.sorts, schema).await?;
        let distinct = function.invocation() == AggregationInvocation::Distinct;
        let made = from_substrait_agg_func(self, function, schema, filter, order_by, distinct).await?;
        let mut made = Arc::unwrap_or_clone(made);
        for option in &function.options {
            let treatment = null_treatment(option)?;
            if let Expr::AggregateFunction(aggregate) = &mut made {
                aggregate.params.null_treatment = Some(treatment);
            }
        }
        Ok(made)
    }
}

pub(super) fn null_treatment(option: &FunctionOption) -> Result<NullTreatment> {
    match (option.name.as_str(), option.preference.as_slice()) {
        (words::NULL_TREATMENT, [name]) => words::null_treatment_of(name),
        (other, _) => Err(words::unsupported(format!("the function option '{other}' of a Substrait plan is unknown"))),
    }
}

/// Rows and groups are counted in UInt64, as the analyzer has it; the crate counts in Int64.
pub(super) fn counted(frame: &mut WindowFrame) -> Result<()> {
    if frame.units == WindowFrameUnits::Range {
        return Ok(());
    }
    for bound in [&mut frame.start_bound, &mut frame.end_bound] {
        if let WindowFrameBound::Preceding(offset) | WindowFrameBound::Following(offset) = bound {
            *offset = offset.cast_to(&DataType::UInt64)?;
        }
    }
    Ok(())
}
