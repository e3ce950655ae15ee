//! Settings of packs, and the arguments they stand for.
//!
//! All packs' keys live in one extension of the configuration; it takes the place that DataFusion keeps for settings of
//! foreign prefixes. A function never sees a setting: before types are coerced, each missing argument is written into
//! the plan as a literal. The same pass refuses what an aggregate of a pack does not understand.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::config::{
    ConfigEntry, ConfigExtension, ConfigOptions, DATAFUSION_FFI_CONFIG_NAMESPACE, ExtensionOptions,
};
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, DataFusionError};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::expr::AggregateFunction as AggregateCall;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{AggregateUDF, Expr, ExprSchemable, ScalarUDF, WindowFunctionDefinition, WindowUDF};
use datafusion::scalar::ScalarValue;

use super::aggregate::AggregateFunction;
use super::asynchronous;
use super::declaration::Declaration;
use super::format::{Default as Missing, type_of_format};
use super::scalar::ScalarFunction;
use super::window::WindowFunction;
use crate::error::{Failure, Result, status};
use crate::plugin::{AGGREGATE_SET, pn_option};
use crate::view;

/// Options of one pack by key, with their types.
pub type OptionKinds = BTreeMap<String, DataType>;

#[derive(Debug, Clone)]
pub struct PackOption {
    key: String,
    kind: DataType,
    text: String,
    description: &'static str,
}

impl PackOption {
    /// Copies one row of the table.
    ///
    /// # Safety
    /// As for Declaration::read; packs are never unmapped.
    pub unsafe fn read(row: &pn_option) -> Result<Self> {
        // SAFETY: the caller's promise, here and below.
        let (key, format) = unsafe { (view::text(row.key, "key of an option")?, view::text(row.format, "format")?) };
        let description = if row.description.is_null() {
            ""
        } else {
            // SAFETY: as above; the text lives as long as the process.
            unsafe { view::text(row.description, "description of an option")? }
        };
        // SAFETY: as above.
        let text = unsafe { view::text(row.default_text, "default of an option")? }.to_owned();
        let option = PackOption { key: key.to_owned(), kind: type_of_format(format)?, text, description };
        option.value(&option.text).map_err(|e| Failure { status: status::ABI, ..Failure::from(e) })?;
        Ok(option)
    }

    /// An option of the engine's own, with a number.
    pub fn number(key: &str, value: i64, description: &'static str) -> Self {
        PackOption { key: key.to_owned(), kind: DataType::Int64, text: value.to_string(), description }
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    pub fn kind(&self) -> &DataType {
        &self.kind
    }

    fn value(&self, text: &str) -> DfResult<ScalarValue> {
        let wrong =
            || DataFusionError::Configuration(format!("'{text}' is no {} for option '{}'", self.kind, self.key));
        Ok(match self.kind {
            DataType::Boolean => ScalarValue::Boolean(Some(text.parse().map_err(|_| wrong())?)),
            DataType::Int64 => ScalarValue::Int64(Some(text.parse().map_err(|_| wrong())?)),
            DataType::Float64 => ScalarValue::Float64(Some(text.parse().map_err(|_| wrong())?)),
            _ => ScalarValue::Utf8(Some(text.to_owned())),
        })
    }
}

/// The options of all packs of a session.
#[derive(Debug, Clone, Default)]
pub struct PackOptions(BTreeMap<String, PackOption>);

impl ConfigExtension for PackOptions {
    const PREFIX: &'static str = DATAFUSION_FFI_CONFIG_NAMESPACE;
}

impl ExtensionOptions for PackOptions {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, value: &str) -> DfResult<()> {
        let Some(option) = self.0.get_mut(key) else {
            return Err(DataFusionError::Configuration(format!("there is no setting '{key}'")));
        };
        option.value(value)?;
        option.text = value.to_owned();
        Ok(())
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        let entry = |option: &PackOption| ConfigEntry {
            key: option.key.clone(),
            value: Some(option.text.clone()),
            description: option.description,
        };
        self.0.values().map(entry).collect()
    }
}

impl PackOptions {
    /// Adds options; one that is there already keeps its value.
    pub fn add(config: &mut ConfigOptions, options: &[PackOption]) {
        if options.is_empty() {
            return;
        }
        if config.extensions.get::<PackOptions>().is_none() {
            config.extensions.insert(PackOptions::default());
        }
        if let Some(all) = config.extensions.get_mut::<PackOptions>() {
            for option in options {
                all.0.entry(option.key.clone()).or_insert_with(|| option.clone());
            }
        }
    }

    /// Options of a pack that is taken back.
    pub fn remove(config: &mut ConfigOptions, keys: &[String]) {
        if let Some(all) = config.extensions.get_mut::<PackOptions>() {
            all.0.retain(|key, _| !keys.contains(key));
        }
    }

    /// What the option of this key is set to.
    pub fn value(config: &ConfigOptions, key: &str) -> DfResult<ScalarValue> {
        let option = config.extensions.get::<PackOptions>().and_then(|all| all.0.get(key));
        let missing = || DataFusionError::Configuration(format!("there is no setting '{key}'"));
        let option = option.ok_or_else(missing)?;
        option.value(&option.text)
    }
}

/// DISTINCT is for aggregates that declare that it changes nothing; the order of rows is nothing a state knows.
pub fn check_call(declaration: &Declaration, flags: u32, distinct: bool, ordered: bool) -> Result<()> {
    if distinct && flags & AGGREGATE_SET == 0 {
        return Err(declaration
            .failure(status::PLAN, "takes no DISTINCT")
            .with_hint("aggregate over a subquery with SELECT DISTINCT"));
    }
    if ordered {
        return Err(declaration.failure(status::PLAN, "takes no ORDER BY: its result does not depend on the order"));
    }
    Ok(())
}

/// The pass over the expressions of a plan. What a function takes it is asked itself: its name may have been another's.
#[derive(Debug)]
pub struct CompleteCalls;

/// Writes the missing arguments of a call behind those given; true when there were any.
fn complete(function: &Declaration, args: &mut Vec<Expr>, schema: &DFSchema, config: &ConfigOptions) -> DfResult<bool> {
    if !function.has_defaults() {
        return Ok(false);
    }
    let kinds = args.iter().map(|arg| arg.get_type(schema)).collect::<DfResult<Vec<_>>>()?;
    let missing = function.missing(&kinds);
    for default in missing {
        let value = match default {
            Missing::Literal(value) => value.clone(),
            Missing::Option(key, _) => PackOptions::value(config, key)?,
        };
        args.push(Expr::Literal(value, None));
    }
    Ok(!missing.is_empty())
}

fn scalar(called: &ScalarUDF) -> Option<Arc<Declaration>> {
    match called.inner().downcast_ref::<ScalarFunction>() {
        Some(function) => Some(Arc::clone(&function.0)),
        None => asynchronous::declaration_of(called),
    }
}

fn aggregate(called: &AggregateUDF, distinct: bool, ordered: bool) -> Result<Option<Arc<Declaration>>> {
    let Some(AggregateFunction { aggregate, .. }) = called.inner().downcast_ref() else { return Ok(None) };
    check_call(&aggregate.function, aggregate.table.flags, distinct, ordered)?;
    Ok(Some(Arc::clone(&aggregate.function)))
}

fn window(called: &WindowUDF) -> Option<Arc<Declaration>> {
    called.inner().downcast_ref().map(|function: &WindowFunction| Arc::clone(function.0.declaration()))
}

impl FunctionRewrite for CompleteCalls {
    fn name(&self) -> &str {
        "pinion_complete_calls"
    }

    fn rewrite(&self, mut expr: Expr, schema: &DFSchema, config: &ConfigOptions) -> DfResult<Transformed<Expr>> {
        let (function, args) = match &mut expr {
            Expr::ScalarFunction(call) => (scalar(&call.func), &mut call.args),
            Expr::AggregateFunction(AggregateCall { func, params }) => {
                (aggregate(func, params.distinct, !params.order_by.is_empty())?, &mut params.args)
            }
            Expr::WindowFunction(call) => {
                let (called, params) = (&call.fun, &mut call.params);
                let function = match called {
                    WindowFunctionDefinition::AggregateUDF(called) => aggregate(called, params.distinct, false)?,
                    WindowFunctionDefinition::WindowUDF(called) => window(called),
                };
                (function, &mut params.args)
            }
            _ => return Ok(Transformed::no(expr)),
        };
        let changed = match function {
            Some(function) => complete(&function, args, schema, config)?,
            None => false,
        };
        Ok(if changed { Transformed::yes(expr) } else { Transformed::no(expr) })
    }
}
