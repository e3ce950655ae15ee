//! Relations that the crate has not or writes with a loss.

use std::sync::Arc;

use datafusion::arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchema, DFSchemaRef, JoinConstraint};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{
    Aggregate, EmptyRelation, Expr, ExprSchemable, GroupingSet, Join, Limit, LogicalPlan, RecursiveQuery, Sort,
    TableScan, Unnest, lit,
};
use datafusion_substrait::logical_plan::producer::{
    SubstraitProducer, from_aggregate, from_empty_relation, from_join, from_limit, from_sort, from_table_scan,
};
use datafusion_substrait::substrait::proto::expression::field_reference::ReferenceType;
use datafusion_substrait::substrait::proto::expression::nested::Struct as NestedStruct;
use datafusion_substrait::substrait::proto::expression::reference_segment::{
    ReferenceType as SegmentType, StructField,
};
use datafusion_substrait::substrait::proto::expression::{FieldReference, ReferenceSegment, RexType};
use datafusion_substrait::substrait::proto::read_rel::{ReadType, VirtualTable};
use datafusion_substrait::substrait::proto::rel::RelType;
use datafusion_substrait::substrait::proto::rel_common::{Emit, EmitKind};
use datafusion_substrait::substrait::proto::{
    Expression, ExtensionMultiRel, ExtensionSingleRel, FilterRel, ProjectRel, Rel, RelCommon,
};
use serde_json::json;

use super::window::null_treatment;
use super::{Producer, enhancement};
use crate::called;
use crate::error::Result;
use crate::substrait::encoding as words;
use crate::substrait::read::{self, ReducedScan, reduce};
use crate::substrait::types;

fn relation(rel_type: RelType) -> Box<Rel> {
    Box::new(Rel { rel_type: Some(rel_type) })
}

fn single(type_url: &str, detail: serde_json::Value, input: Box<Rel>) -> Box<Rel> {
    let mut relation = ExtensionSingleRel { common: None, input: Some(input), detail: Some(Default::default()) };
    if let Some(any) = relation.detail.as_mut() {
        any.type_url = type_url.to_owned();
        any.value = detail.to_string().into_bytes().into();
    }
    self::relation(RelType::ExtensionSingle(Box::new(relation)))
}

/// The columns `kept` of a relation that has `width`.
fn projected(input: Box<Rel>, width: usize, kept: &[usize]) -> Box<Rel> {
    let column = |i: &usize| Expression {
        rex_type: Some(RexType::Selection(Box::new(FieldReference {
            reference_type: Some(ReferenceType::DirectReference(ReferenceSegment {
                reference_type: Some(SegmentType::StructField(Box::new(StructField { field: *i as i32, child: None }))),
            })),
            root_type: None,
        }))),
    };
    let output_mapping = (width..width + kept.len()).map(|i| i as i32).collect();
    let common = RelCommon { emit_kind: Some(EmitKind::Emit(Emit { output_mapping })), ..RelCommon::default() };
    relation(RelType::Project(Box::new(ProjectRel {
        common: Some(common),
        input: Some(input),
        expressions: kept.iter().map(column).collect(),
        advanced_extension: None,
    })))
}

impl Producer {
    pub(super) fn scan(&mut self, scan: &TableScan) -> Result<Box<Rel>> {
        if let Some(call) = called::call_of(scan) {
            return self.table_function(scan, call);
        }
        let name = scan.table_name.table();
        let work_table = self.work_tables.iter().rev().find(|(around, _)| around == name).map(|(_, own)| own.clone());
        let ReducedScan { scan: reduced, schema, filters, output } = reduce(scan, work_table.as_deref())?;
        let LogicalPlan::TableScan(inner) = &reduced else {
            return Err(words::unsupported(format!("cannot represent the scan of '{}'", scan.table_name)));
        };
        let read = from_table_scan(self, inner)?;
        self.kept(read, filters, &schema, &output)
    }

    /// The rows of a read that its pushed filters keep, and the columns it hands on.
    fn kept(
        &mut self,
        mut made: Box<Rel>,
        filters: Vec<Expr>,
        schema: &DFSchemaRef,
        output: &[usize],
    ) -> Result<Box<Rel>> {
        if let Some(condition) = conjunction(filters) {
            let condition = Some(Box::new(self.handle_expr(&condition, schema)?));
            made = relation(RelType::Filter(Box::new(FilterRel {
                common: None,
                input: Some(made),
                condition,
                advanced_extension: None,
            })));
        }
        let width = schema.fields().len();
        let all = output.len() == width && output.is_sorted();
        Ok(if all { made } else { projected(made, width, output) })
    }

    /// Its arguments are the columns of its one input row.
    fn table_function(&mut self, scan: &TableScan, call: called::Call) -> Result<Box<Rel>> {
        let called::Call { function, arguments, version } = call;
        let names = (0..arguments.len()).map(read::column_name);
        let fields = names.zip(&arguments).map(|(name, argument)| {
            Ok(Arc::new(argument.to_field(&DFSchema::empty())?.1.as_ref().clone().with_name(name)))
        });
        let fields = fields.collect::<DfResult<Vec<_>>>()?;
        let schema = Arc::new(DFSchema::from_unqualified_fields(fields.into(), Default::default())?);
        let input = self.virtual_table(&schema, &[arguments])?;
        let detail = match version {
            None => json!({"function": function}),
            Some(version) => json!({"function": function, "version": version}),
        };
        let made = single(words::TABLE_FUNCTION, detail, input);
        let columns = Arc::new(DFSchema::try_from(scan.source.schema())?);
        let output = scan.projection.clone().unwrap_or_else(|| (0..columns.fields().len()).collect());
        self.kept(made, read::filters_of(scan)?, &columns, &output)
    }

    pub(super) fn virtual_table(&mut self, schema: &DFSchemaRef, rows: &[Vec<Expr>]) -> DfResult<Box<Rel>> {
        let fields = schema.fields();
        let named = types::spelled_fields(fields)
            .iter()
            .enumerate()
            .map(|(i, field)| Arc::new(field.as_ref().clone().with_name(read::column_name(i))))
            .collect();
        let spelled = DFSchema::from_unqualified_fields(named, Default::default())?;
        let empty = EmptyRelation { produce_one_row: false, schema: Arc::new(spelled) };
        let mut made = from_empty_relation(self, &empty)?;
        let Some(RelType::Read(read)) = made.rel_type.as_mut() else { return Ok(made) };
        let nothing = Arc::new(DFSchema::empty());
        let mut expressions = Vec::with_capacity(rows.len());
        for row in rows {
            let fields = row.iter().map(|cell| self.handle_expr(cell, &nothing)).collect::<DfResult<_>>()?;
            expressions.push(NestedStruct { fields });
        }
        read.read_type = Some(ReadType::VirtualTable(VirtualTable { expressions, ..VirtualTable::default() }));
        if !fields.iter().all(|field| types::is_exact_column(field.data_type())) {
            let exact = |field: &FieldRef| Ok((types::type_text(field.data_type())?, field.is_nullable()));
            let columns = fields.iter().map(exact).collect::<Result<Vec<_>>>()?;
            read.advanced_extension = enhancement(words::TYPES, json!(columns).to_string());
        }
        Ok(made)
    }

    pub(super) fn unnest(&mut self, unnest: &Unnest) -> Result<Box<Rel>> {
        let schema = unnest.input.schema();
        let columns: std::result::Result<Vec<usize>, _> =
            unnest.exec_columns.iter().map(|column| schema.index_of_column(column)).collect();
        let mut recursions = Vec::new();
        for recursion in &unnest.options.recursions {
            recursions.push(json!({
                "depth": recursion.depth,
                "input": schema.index_of_column(&recursion.input_column)?,
            }));
        }
        let detail = json!({
            "columns": columns?,
            "null_handling": format!("{:?}", unnest.options.null_handling),
            "recursions": recursions,
        });
        let input = self.handle_plan(&unnest.input)?;
        Ok(single(words::UNNEST, detail, input))
    }

    pub(super) fn recursion(&mut self, query: &RecursiveQuery) -> Result<Box<Rel>> {
        self.recursions += 1;
        let name = format!("recursion_{}", self.recursions);
        let first = self.handle_plan(&query.static_term)?;
        self.work_tables.push((query.name.clone(), name.clone()));
        let step = self.handle_plan(&query.recursive_term);
        self.work_tables.pop();
        let schema = work_table(query).unwrap_or_else(|| Arc::clone(query.static_term.schema().inner()));
        let columns: Vec<_> = schema.fields().iter().map(|field| json!({"nullable": field.is_nullable()})).collect();
        let detail = json!({"columns": columns, "distinct": query.is_distinct, "name": name});
        let mut made =
            ExtensionMultiRel { common: None, inputs: vec![*first, *step?], detail: Some(Default::default()) };
        if let Some(any) = made.detail.as_mut() {
            any.type_url = words::RECURSION.to_owned();
            any.value = detail.to_string().into_bytes().into();
        }
        Ok(relation(RelType::ExtensionMulti(made)))
    }

    pub(super) fn join(&mut self, join: &Join) -> DfResult<Box<Rel>> {
        // After planning USING is ON: only `*` tells them apart.
        let on = Join { join_constraint: JoinConstraint::On, ..join.clone() };
        let mut made = from_join(self, &on)?;
        if join.null_aware
            && let Some(RelType::Join(inner)) = made.rel_type.as_mut()
        {
            inner.advanced_extension = enhancement(words::NULL_AWARE, String::new());
        }
        Ok(made)
    }

    pub(super) fn sort(&mut self, sort: &Sort) -> DfResult<Box<Rel>> {
        let Some(fetch) = sort.fetch else { return from_sort(self, sort) };
        // Substrait's sort has no limit of its own.
        let whole = LogicalPlan::Sort(Sort { fetch: None, ..sort.clone() });
        let fetch = Some(Box::new(lit(fetch as i64)));
        from_limit(self, &Limit { skip: None, fetch, input: Arc::new(whole) })
    }

    pub(super) fn limit(&mut self, limit: &Limit) -> DfResult<Box<Rel>> {
        match limit.input.as_ref() {
            // The limit above says it already.
            LogicalPlan::Sort(sort) if sort.fetch.is_some() => {
                let whole = LogicalPlan::Sort(Sort { fetch: None, ..sort.clone() });
                from_limit(self, &Limit { input: Arc::new(whole), ..limit.clone() })
            }
            _ => from_limit(self, limit),
        }
    }

    pub(super) fn aggregate(&mut self, node: &Aggregate) -> DfResult<Box<Rel>> {
        let mut made = from_aggregate(self, node)?;
        let Some(RelType::Aggregate(inner)) = made.rel_type.as_mut() else { return Ok(made) };
        // The hook for a single aggregate function is not called by the crate.
        for (measure, function) in inner.measures.iter_mut().zip(&node.aggr_expr) {
            let Expr::AggregateFunction(function) = function.clone().unalias() else { continue };
            if let (Some(treatment), Some(call)) = (function.params.null_treatment, measure.measure.as_mut()) {
                call.options.push(null_treatment(treatment));
            }
        }
        if inner.groupings.len() == 1
            && let [Expr::GroupingSet(GroupingSet::GroupingSets(_) | GroupingSet::Cube(_) | GroupingSet::Rollup(_))] =
                node.group_expr.as_slice()
        {
            inner.advanced_extension = enhancement(words::GROUPING_SET, String::new());
        }
        Ok(made)
    }
}

/// The schema under which the step reads the rows so far.
fn work_table(query: &RecursiveQuery) -> Option<SchemaRef> {
    let mut found = None;
    let walk = query.recursive_term.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && scan.table_name.table() == query.name
        {
            found = Some(scan.source.schema());
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    walk.ok().and(found)
}
