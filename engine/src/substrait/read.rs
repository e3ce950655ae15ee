//! Reads, both ways: a scan cut down to what it reads, and what a read relation says held against the table as it is
//! registered.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Fields, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, DFSchemaRef, TableReference};
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::provider_as_source;
use datafusion::error::{DataFusionError, Result as DfResult};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableScan};
use datafusion_substrait::substrait::proto::r#type::Kind;
use datafusion_substrait::substrait::proto::{ReadRel, Type};

use super::encoding as words;
use super::types;
use crate::error::{Failure, Result, status};

/// The positions in the table of the columns that the read lists, in its order. SCHEMA names what does not fit.
pub fn columns(rel: &ReadRel, table: &str, schema: &SchemaRef) -> Result<Vec<usize>> {
    let damaged = || words::corrupt(format!("the columns of table '{table}' in a Substrait plan are damaged"));
    let base = rel.base_schema.as_ref().ok_or_else(damaged)?;
    let kinds = base.r#struct.as_ref().map_or(&[][..], |list| list.types.as_slice());
    let mut names = base.names.iter();
    let mut positions = Vec::with_capacity(kinds.len());
    for kind in kinds {
        let name = names.next().ok_or_else(damaged)?;
        for _ in 0..nested_names(kind) {
            names.next().ok_or_else(damaged)?;
        }
        let Ok(position) = schema.index_of(name) else {
            let text = format!("table '{table}' has no column '{name}', which the plan reads");
            return Err(Failure::new(status::SCHEMA, text).with_hint("the table changed since the plan was made"));
        };
        let found = schema.field(position).data_type();
        if !matches_kind(found, kind) {
            let text = format!("column '{name}' of table '{table}' has type {found}, another than the plan expects");
            return Err(Failure::new(status::SCHEMA, text).with_hint("the table changed since the plan was made"));
        }
        positions.push(position);
    }
    if names.next().is_some() {
        return Err(damaged());
    }
    Ok(positions)
}

/// The columns kept by the read's own projection, which comes after its filter.
pub fn mask(rel: &ReadRel, table: &str, n: usize) -> Result<Option<Vec<usize>>> {
    let Some(select) = rel.projection.as_ref().and_then(|mask| mask.select.as_ref()) else { return Ok(None) };
    let mut kept = Vec::with_capacity(select.struct_items.len());
    for item in &select.struct_items {
        if item.child.is_some() {
            return Err(words::unsupported(format!("the plan reads parts of a column of table '{table}'")));
        }
        let position = usize::try_from(item.field).ok().filter(|i| *i < n);
        let missing = || words::corrupt(format!("table '{table}' in a Substrait plan has no column {}", item.field));
        kept.push(position.ok_or_else(missing)?);
    }
    Ok(Some(kept))
}

/// How many names the fields inside a type take in the flat list of names.
pub fn nested_names(kind: &Type) -> usize {
    let inner = |kind: &Option<Box<Type>>| kind.as_deref().map_or(0, nested_names);
    match &kind.kind {
        Some(Kind::Struct(fields)) => fields.types.iter().map(|field| 1 + nested_names(field)).sum(),
        Some(Kind::List(list)) => inner(&list.r#type),
        Some(Kind::Map(map)) => inner(&map.key) + inner(&map.value),
        _ => 0,
    }
}

/// Whether a registered type is one that Substrait's word can stand for. Units, zones and sizes of offsets may
/// differ from what the word says: the registered type counts, and the bundle's schema digest pins it exactly.
fn matches_kind(found: &DataType, wanted: &Type) -> bool {
    let Some(kind) = &wanted.kind else { return false };
    let found = types::spelled(found);
    let inner = |found: &DataType, wanted: &Option<Box<Type>>| {
        wanted.as_deref().is_some_and(|wanted| matches_kind(found, wanted))
    };
    match (&found, kind) {
        (DataType::Null | DataType::Float16, Kind::UserDefined(_)) => true,
        (DataType::Boolean, Kind::Bool(_)) => true,
        (DataType::Int8 | DataType::UInt8, Kind::I8(_)) => true,
        (DataType::Int16 | DataType::UInt16, Kind::I16(_)) => true,
        (DataType::Int32 | DataType::UInt32, Kind::I32(_)) => true,
        (DataType::Int64 | DataType::UInt64, Kind::I64(_)) => true,
        (DataType::Float32, Kind::Fp32(_)) | (DataType::Float64, Kind::Fp64(_)) => true,
        (text, Kind::String(_) | Kind::Varchar(_) | Kind::FixedChar(_)) => text.is_string(),
        (DataType::FixedSizeBinary(n), Kind::FixedBinary(fixed)) => *n == fixed.length,
        (bytes, Kind::Binary(_)) => bytes.is_binary(),
        (DataType::Date32 | DataType::Date64, Kind::Date(_)) => true,
        (DataType::Time32(_) | DataType::Time64(_), Kind::PrecisionTime(_)) => true,
        (DataType::Timestamp(_, None), Kind::PrecisionTimestamp(_)) => true,
        (DataType::Timestamp(_, Some(_)), Kind::PrecisionTimestampTz(_)) => true,
        (DataType::Interval(_), Kind::IntervalYear(_) | Kind::IntervalCompound(_)) => true,
        (DataType::Interval(_) | DataType::Duration(_), Kind::IntervalDay(_)) => true,
        (DataType::Decimal128(p, s) | DataType::Decimal256(p, s), Kind::Decimal(decimal)) => {
            i32::from(*p) == decimal.precision && i32::from(*s) == decimal.scale
        }
        (DataType::List(item) | DataType::LargeList(item), Kind::List(list)) => inner(item.data_type(), &list.r#type),
        (DataType::Struct(fields), Kind::Struct(wanted)) => matches_fields(fields, &wanted.types),
        (DataType::Map(entries, _), Kind::Map(map)) => match entries.data_type() {
            DataType::Struct(pair) if pair.len() == 2 => {
                inner(pair[0].data_type(), &map.key) && inner(pair[1].data_type(), &map.value)
            }
            _ => false,
        },
        (DataType::Dictionary(_, value), Kind::Map(map)) => inner(value, &map.value),
        _ => false,
    }
}

fn matches_fields(found: &Fields, wanted: &[Type]) -> bool {
    found.len() == wanted.len() && found.iter().zip(wanted).all(|(field, kind)| matches_kind(field.data_type(), kind))
}

/// The table's one-part name; other catalogs and schemas have none.
fn one_part(name: &TableReference) -> Result<TableReference> {
    let known = name.schema().is_none_or(|schema| schema == "main")
        && name.catalog().is_none_or(|catalog| catalog == "identity" || catalog == "run");
    if !known {
        return Err(words::unsupported(format!("table '{name}' has no one-part name")));
    }
    Ok(TableReference::bare(name.table()))
}

/// The scan cut down to the columns that are read, its pushed filters as conditions above it.
pub struct ReducedScan {
    /// A scan in types that Substrait has words for.
    pub scan: LogicalPlan,
    /// The columns of the scan in their own types, for the filters.
    pub schema: DFSchemaRef,
    pub filters: Vec<Expr>,
    /// The output columns within the scan.
    pub output: Vec<usize>,
}

/// Cuts a scan down, so that unread columns of any type do not matter. The rows of a recursive query so far go by
/// `work_table`, their columns by their places.
pub fn reduce(scan: &TableScan, work_table: Option<&str>) -> Result<ReducedScan> {
    let schema = scan.source.schema();
    let output = scan.projection.clone().unwrap_or_else(|| (0..schema.fields().len()).collect());
    let mut read = output.clone();
    for filter in &scan.filters {
        for column in filter.column_refs() {
            read.push(schema.index_of(column.name()).map_err(DataFusionError::from)?);
        }
    }
    read.sort_unstable();
    read.dedup();
    let fields: Fields = read.iter().map(|i| Arc::clone(&schema.fields()[*i])).collect();
    let mut spelled = types::spelled_fields(&fields);
    if work_table.is_some() {
        let named = read.iter().zip(&spelled);
        spelled = named.map(|(i, field)| Arc::new(field.as_ref().clone().with_name(column_name(*i)))).collect();
    }
    let table: Arc<dyn TableProvider> = Arc::new(EmptyTable::new(Arc::new(Schema::new(spelled))));
    let name = match work_table {
        Some(name) => TableReference::bare(name),
        None => one_part(&scan.table_name)?,
    };
    let reduced = LogicalPlanBuilder::scan(name, provider_as_source(table), None)?.build()?;
    Ok(ReducedScan {
        scan: reduced,
        schema: Arc::new(DFSchema::try_from(Schema::new(fields))?),
        filters: filters_of(scan)?,
        output: output.iter().map(|i| read.partition_point(|r| r < i)).collect(),
    })
}

/// The pushed filters of a scan over the names of its columns alone.
pub fn filters_of(scan: &TableScan) -> DfResult<Vec<Expr>> {
    scan.filters.iter().map(|filter| unqualified(filter.clone())).collect()
}

/// What a column of a recursive query is called.
pub fn column_name(position: usize) -> String {
    format!("c{position}")
}

/// Columns of a filter by their names alone: the scan below has one table only.
fn unqualified(filter: Expr) -> DfResult<Expr> {
    let transformed = filter.transform(|expr| match expr {
        Expr::Column(column) => Ok(Transformed::yes(Expr::Column(column.name.into()))),
        other => Ok(Transformed::no(other)),
    })?;
    Ok(transformed.data)
}
