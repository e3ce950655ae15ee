//! Table functions and table providers: opening what a pack calls a table, and reading it as a provider.
//!
//! A table function is opened while the statement is planned; missing arguments are literals from then on, so what the
//! scan remembers of the call is whole.

use std::ffi::{CString, c_char};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::arrow::ffi::FFI_ArrowSchema;
use datafusion::catalog::{Session, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{ScalarValue, Statistics};
use datafusion::config::ConfigOptions;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::streaming::StreamingTableExec;

use super::declaration::Declaration;
use super::filter::Filter;
use super::format::Default as Missing;
use super::kernel::{Arguments, MESSAGE_BYTES, Message, Schemas};
use super::options::{OptionKinds, PackOptions};
use super::scan::Scan;
use crate::called;
use crate::error::{Failure, Result, status};
use crate::guard;
use crate::plugin_table::{
    PUSHDOWN_EXACT, PUSHDOWN_INEXACT, PUSHDOWN_NONE, pn_table, pn_table_function, pn_table_provider,
};
use crate::view;

/// An open table of a pack; released after its last owner: provider, plan or stream.
#[derive(Debug)]
pub struct Opened {
    /// For messages: "table function 'f' of pack 'p'".
    what: String,
    pub table: pn_table,
    schema: SchemaRef,
    version: Option<String>,
}

// SAFETY: pinion/plugin.h demands that an open table is usable from many threads at once.
unsafe impl Send for Opened {}
// SAFETY: as above.
unsafe impl Sync for Opened {}

impl Drop for Opened {
    fn drop(&mut self) {
        if let Some(release) = self.table.release {
            // SAFETY: nobody uses the table any more.
            unsafe { release(self.table.this) };
        }
    }
}

impl Opened {
    /// Opens a table by `open`, which is called with the place for it and for its complaint.
    pub fn new(what: String, open: impl FnOnce(*mut pn_table, *mut c_char, usize) -> i32) -> Result<Self> {
        // SAFETY: pn_table is plain data, for which zeros are "nothing".
        let mut table: pn_table = unsafe { std::mem::zeroed() };
        table.struct_size = size_of::<pn_table>() as u32;
        let mut message = Message::new();
        if open(&mut table, message.as_mut_ptr(), MESSAGE_BYTES) != 0 {
            return Err(Failure::new(status::PLAN, format!("{what} failed: {}", message.text())));
        }
        // From here on dropping releases it.
        let mut opened = Opened { what, table, schema: Arc::new(Schema::empty()), version: None };
        if !table.version.is_null() {
            // SAFETY: a text that lives as long as the table.
            opened.version = Some(unsafe { view::text(table.version, "version of a table")? }.to_owned());
        }
        if opened.dataset()?.is_none() {
            opened.schema = opened.ask_schema()?;
        }
        Ok(opened)
    }

    pub fn failure(&self, code: i32, why: &str) -> Failure {
        Failure::new(code, format!("{} {why}", self.what))
    }

    /// What the host is to read instead, as JSON.
    pub fn dataset(&self) -> Result<Option<&str>> {
        if self.table.dataset.is_null() {
            return Ok(None);
        }
        // SAFETY: a text that lives as long as the table.
        Ok(Some(unsafe { view::text(self.table.dataset, "dataset of a table")? }))
    }

    /// Calls `call` with a place for its complaint.
    pub fn run(&self, call: impl FnOnce(*mut c_char, usize) -> i32) -> Result<()> {
        let mut message = Message::new();
        match call(message.as_mut_ptr(), MESSAGE_BYTES) {
            0 => Ok(()),
            _ => Err(self.failure(status::EXEC, &format!("failed: {}", message.text()))),
        }
    }

    fn ask_schema(&self) -> Result<SchemaRef> {
        let (Some(schema), Some(_)) = (self.table.schema, self.table.scan) else {
            return Err(self.failure(status::ABI, "opened a table that lacks schema() or scan()"));
        };
        let mut out = FFI_ArrowSchema::empty();
        // SAFETY: `out` is released storage; plugin.h says what the function may do.
        self.run(|text, cap| unsafe { schema(self.table.this, &mut out, text, cap) })?;
        if out.release.is_none() {
            return Err(self.failure(status::ABI, "gave no schema"));
        }
        let schema = guard::catch(|| Ok(Schema::try_from(&out)?))
            .map_err(|e| self.failure(status::ABI, &format!("gave a wrong schema: {}", e.message)))?;
        Ok(Arc::new(schema))
    }

    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// What the table promises about a filter.
    fn classify(&self, expr: &Expr) -> Result<TableProviderFilterPushDown> {
        let (Some(classify), Some(filter)) = (self.table.classify, Filter::of(expr, &self.schema)) else {
            return Ok(TableProviderFilterPushDown::Unsupported);
        };
        let exported = filter.export()?;
        // SAFETY: the filter lives during the call.
        match unsafe { classify(self.table.this, &exported.filter()) } {
            PUSHDOWN_NONE => Ok(TableProviderFilterPushDown::Unsupported),
            PUSHDOWN_INEXACT => Ok(TableProviderFilterPushDown::Inexact),
            PUSHDOWN_EXACT => Ok(TableProviderFilterPushDown::Exact),
            other => Err(self.failure(status::ABI, &format!("classified a filter as {other}"))),
        }
    }
}

/// An open table as the engine reads it.
#[derive(Debug)]
pub struct PackTable(pub Arc<Opened>);

#[async_trait]
impl TableProvider for PackTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.0.schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        let whole = self.0.schema();
        let columns = projection.cloned().unwrap_or_else(|| (0..whole.fields().len()).collect());
        let schema = Arc::new(whole.project(&columns)?);
        let filters = filters.iter().filter_map(|expr| Filter::of(expr, whole)).collect();
        let scan = Scan::new(Arc::clone(&self.0), Arc::clone(&schema), columns, filters, limit);
        let exec = StreamingTableExec::try_new(schema, vec![Arc::new(scan)], None, [], false, limit)?;
        Ok(Arc::new(exec))
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> DfResult<Vec<TableProviderFilterPushDown>> {
        filters.iter().map(|expr| Ok(self.0.classify(expr)?)).collect()
    }

    fn statistics(&self) -> Option<Statistics> {
        let row_count = self.0.table.row_count?;
        // SAFETY: the table is open.
        let rows = usize::try_from(unsafe { row_count(self.0.table.this) }).ok()?;
        let unknown = Statistics::new_unknown(self.0.schema());
        Some(Statistics { num_rows: Precision::Exact(rows), ..unknown })
    }
}

/// One row of a pack's table of table functions.
#[derive(Debug)]
pub struct TableFunction {
    function: Arc<Declaration>,
    table: pn_table_function,
}

// SAFETY: pinion/plugin.h demands that the function is callable from many threads.
unsafe impl Send for TableFunction {}
// SAFETY: as above.
unsafe impl Sync for TableFunction {}

impl TableFunction {
    /// Copies one row of the table.
    ///
    /// # Safety
    /// As for Declaration::read.
    pub unsafe fn read(pack: &str, digest: &str, row: &pn_table_function, options: &OptionKinds) -> Result<Arc<Self>> {
        // SAFETY: the caller's promise.
        let function = unsafe { Declaration::read(pack, digest, row.function, options)? };
        if row.open.is_none() {
            return Err(function.failure(status::ABI, "has no open"));
        }
        Ok(Arc::new(TableFunction { function, table: *row }))
    }

    /// The name and its aliases.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.function.name).chain(&self.function.aliases)
    }

    /// The arguments as the pack's types, missing ones filled in.
    fn arguments(&self, exprs: &[Expr], config: &ConfigOptions) -> Result<Vec<ScalarValue>> {
        let mut values = Vec::with_capacity(exprs.len());
        for (i, expr) in exprs.iter().enumerate() {
            let Expr::Literal(value, _) = expr else {
                let why = format!("takes a literal as argument {}", i + 1);
                return Err(self.function.failure(status::PLAN, &why));
            };
            values.push(value.clone());
        }
        let kinds: Vec<DataType> = values.iter().map(ScalarValue::data_type).collect();
        self.function.coerce(&kinds)?;
        for default in self.function.missing(&kinds) {
            values.push(match default {
                Missing::Literal(value) => value.clone(),
                Missing::Option(key, _) => PackOptions::value(config, key)?,
            });
        }
        let kinds: Vec<DataType> = values.iter().map(ScalarValue::data_type).collect();
        let kinds = self.function.coerce(&kinds)?;
        values.iter().zip(kinds).map(|(value, kind)| Ok(value.cast_to(&kind)?)).collect()
    }

    fn open(&self, values: &[ScalarValue]) -> Result<Opened> {
        let field = |value: &ScalarValue| Arc::new(Field::new("", value.data_type(), true));
        let fields: Vec<FieldRef> = values.iter().map(field).collect();
        let arrays = values.iter().map(|value| value.to_array_of_size(1)).collect::<DfResult<Vec<_>>>()?;
        let arguments = Arguments::new(&Schemas::new(&fields)?, arrays.iter().map(|array| (array, true)));
        let call = arguments.call(1, std::ptr::null());
        let Some(open) = self.table.open else { return Err(self.function.failure(status::ABI, "has no open")) };
        let what = format!("table function '{}' of pack '{}'", self.function.name, self.function.pack);
        let ctx = self.function.table.ctx;
        // SAFETY: all pointers live during the call; plugin.h says what the function may do.
        Opened::new(what, |out, text, cap| unsafe { open(ctx, &call, out, text, cap) })
    }
}

impl TableFunctionImpl for TableFunction {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> DfResult<Arc<dyn TableProvider>> {
        let values = self.arguments(args.exprs(), args.session().config_options())?;
        let opened = self.open(&values)?;
        if opened.dataset()?.is_some() {
            let why = "answered with a dataset, which only SQL through a session reads";
            return Err(opened.failure(status::UNSUPPORTED, why).into());
        }
        let version = opened.version().map(str::to_owned);
        let arguments = values.into_iter().map(|value| Expr::Literal(value, None)).collect();
        let table = Arc::new(PackTable(Arc::new(opened)));
        let call = called::Call { function: self.function.name.clone(), arguments, version: Some(version) };
        Ok(called::remembered(call, table))
    }
}

/// One row of a pack's table of table providers.
#[derive(Debug)]
pub struct Provider {
    /// "pack.name", as a project writes it.
    pub format: String,
    table: pn_table_provider,
}

// SAFETY: pinion/plugin.h demands that the function is callable from many threads.
unsafe impl Send for Provider {}
// SAFETY: as above.
unsafe impl Sync for Provider {}

impl Provider {
    /// Copies one row of the table.
    ///
    /// # Safety
    /// As for Declaration::read.
    pub unsafe fn read(pack: &str, row: &pn_table_provider) -> Result<Arc<Self>> {
        // SAFETY: the caller's promise.
        let format = format!("{pack}.{}", unsafe { view::text(row.name, "name of a table provider")? });
        Ok(Arc::new(Provider { format, table: *row }))
    }

    /// Opens the table that `options`, a JSON object, describe.
    pub fn open(&self, options: &str) -> Result<Arc<Opened>> {
        let what = format!("table provider '{}'", self.format);
        let Some(open) = self.table.open else {
            return Err(Failure::new(status::ABI, format!("{what} has no open")));
        };
        let text = CString::new(options).map_err(|_| Failure::new(status::INVALID, "the options hold a NUL"))?;
        let ctx = self.table.ctx;
        // SAFETY: all pointers live during the call; plugin.h says what the function may do.
        let opened = Opened::new(what, |out, message, cap| unsafe { open(ctx, text.as_ptr(), out, message, cap) })?;
        if opened.dataset()?.is_some() {
            return Err(opened.failure(status::UNSUPPORTED, "answered with a dataset, as only table functions may"));
        }
        Ok(Arc::new(opened))
    }
}
