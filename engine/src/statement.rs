//! SQL statements: what a text is made of, and a statement taken apart into what C carries out and the query in it.
//!
//! No statement but a query is ever executed here. `describe` tells the kinds of a text without planning it, nested
//! statements included, so that C decides what is allowed; `split` gives what an allowed statement asks for as JSON and
//! the plan of the rows it needs.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::arrow::datatypes::Field;
use datafusion::common::{DFSchema, DFSchemaRef, TableReference};
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{DdlStatement, EmptyRelation, LogicalPlan, Statement as PlanStatement, WriteOp};
use datafusion::sql::parser::{CopyToSource, Statement};
use datafusion::sql::sqlparser::ast::{
    DescribeAlias, Ident, ObjectName, ObjectNamePart, ObjectType, Select, ShowStatementOptions,
    Statement as SqlStatement, TableFactor, Value as SqlValue, ValueWithSpan, Visit, Visitor,
};
use serde_json::{Map, Value, json};

use crate::error::{Failure, Result, status};
use crate::lambda::Lambdas;
use crate::plan;
use crate::session::Session;

/// What pne_sql_tables reports. Recursive: planning threads only.
pub fn describe(state: &SessionState, session: &Session, sql: &str) -> Result<Value> {
    let statements = plan::parse(state, session, sql)?;
    let (mut tables, mut qualified) = (BTreeSet::new(), BTreeSet::new());
    let mut parts = Parts::default();
    let mut lambdas = Lambdas::new(state);
    for statement in &statements {
        for reference in state.resolve_table_references(statement)? {
            if reference.schema().is_some() {
                qualified.insert(reference.to_string());
            }
            tables.insert(reference.table().to_owned());
        }
        parts.visit(statement);
        lambdas.visit(statement);
    }
    tables.retain(|table| !parts.called.contains(table) || parts.named.contains(table));
    let first = statements.first();
    Ok(json!({
        "count": statements.len(),
        "statement": first.map_or("other", kind_of),
        "kinds": parts.kinds,
        "tables": tables,
        "qualified": qualified,
        "table_functions": parts.called,
        "parameters": parts.parameters,
        "object": first.map_or(Value::Null, object_of),
        "dialect": plan::dialect_name(state, sql),
        "stray_lambdas": lambdas.stray(),
        "operator_lambdas": lambdas.operators,
    }))
}

/// What a text is made of, nested statements included.
#[derive(Default)]
struct Parts {
    kinds: BTreeSet<&'static str>,
    /// Tables that are called, as in `FROM generate_series(1, 3)`, and those that are named.
    called: BTreeSet<String>,
    named: BTreeSet<String>,
    parameters: BTreeSet<String>,
}

impl Parts {
    fn visit(&mut self, statement: &Statement) {
        self.kinds.insert(kind_of(statement));
        match statement {
            // A body reads nothing of its own, and its placeholders are its arguments.
            Statement::Statement(inner) if matches!(inner.as_ref(), SqlStatement::CreateFunction(_)) => {}
            Statement::Statement(inner) => {
                let _ = Visit::visit(inner.as_ref(), self);
            }
            Statement::Explain(explain) => self.visit(&explain.statement),
            Statement::CopyTo(copy) => match &copy.source {
                CopyToSource::Query(query) => {
                    let _ = Visit::visit(query.as_ref(), self);
                }
                CopyToSource::Relation(name) => {
                    self.named.extend(last_word(name));
                }
            },
            Statement::CreateExternalTable(_) | Statement::Reset(_) => {}
        }
    }
}

impl Visitor for Parts {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &SqlStatement) -> ControlFlow<()> {
        self.kinds.insert(kind_of_sql(statement));
        ControlFlow::Continue(())
    }

    /// SELECT … INTO makes a table.
    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        if select.into.is_some() {
            self.kinds.insert("create_table");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, args, .. } => {
                let names = if args.is_some() { &mut self.called } else { &mut self.named };
                names.extend(last_word(name));
            }
            TableFactor::Function { name, .. } => self.called.extend(last_word(name)),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<()> {
        if let SqlValue::Placeholder(id) = &value.value {
            self.parameters.insert(id.clone());
        }
        ControlFlow::Continue(())
    }
}

/// As DataFusion normalises: lower case unless quoted.
pub fn word(ident: &Ident) -> String {
    if ident.quote_style.is_none() { ident.value.to_lowercase() } else { ident.value.clone() }
}

pub fn last_word(name: &ObjectName) -> Option<String> {
    match name.0.last() {
        Some(ObjectNamePart::Identifier(last)) => Some(word(last)),
        _ => None,
    }
}

fn kind_of(statement: &Statement) -> &'static str {
    match statement {
        Statement::CreateExternalTable(_) => "create_external_table",
        Statement::CopyTo(_) => "copy",
        Statement::Explain(explain) if explain.options.analyze => "analyze",
        Statement::Explain(_) => "explain",
        Statement::Reset(_) => "reset",
        Statement::Statement(inner) => kind_of_sql(inner),
    }
}

fn kind_of_sql(statement: &SqlStatement) -> &'static str {
    use SqlStatement as S;
    match statement {
        S::Query(_) => "query",
        S::Insert(_) => "insert",
        S::Update(_) => "update",
        S::Delete(_) => "delete",
        S::Merge(_) => "merge",
        S::Truncate(_) => "truncate",
        S::Copy { .. } => "copy",
        S::Explain { describe_alias: DescribeAlias::Desc | DescribeAlias::Describe, .. } => "describe",
        S::Explain { analyze: true, .. } => "analyze",
        S::Explain { .. } => "explain",
        S::ExplainTable { .. } => "describe",
        S::Set(_) => "set",
        S::Reset(_) => "reset",
        S::ShowTables { .. }
        | S::ShowViews { .. }
        | S::ShowColumns { .. }
        | S::ShowVariable { .. }
        | S::ShowVariables { .. }
        | S::ShowFunctions { .. }
        | S::ShowCreate { .. }
        | S::ShowDatabases { .. }
        | S::ShowSchemas { .. } => "show",
        S::Prepare { .. } => "prepare",
        S::Execute { .. } => "execute",
        S::Deallocate { .. } => "deallocate",
        S::StartTransaction { .. } | S::Commit { .. } | S::Rollback { .. } | S::Savepoint { .. } => "transaction",
        _ => kind_of_ddl(statement),
    }
}

fn kind_of_ddl(statement: &SqlStatement) -> &'static str {
    use SqlStatement as S;
    match statement {
        S::CreateTable(_) => "create_table",
        S::CreateView(_) => "create_view",
        S::CreateFunction(_) => "create_function",
        S::CreateSchema { .. } | S::CreateDatabase { .. } => "create_schema",
        S::CreateIndex(_) | S::CreateSequence { .. } | S::CreateType { .. } | S::CreateMacro { .. } => "create_other",
        S::Drop { object_type: ObjectType::Table, .. } => "drop_table",
        S::Drop { object_type: ObjectType::View, .. } => "drop_view",
        S::Drop { .. } => "drop_other",
        S::DropFunction(_) => "drop_function",
        S::AlterTable(_) | S::AlterView { .. } | S::AlterSchema(_) | S::AlterIndex { .. } => "alter",
        _ => "other",
    }
}

/// What SHOW and DESCRIBE are about: {"what":"tables|views|columns|functions|variable|create|schemas|other","name"?}.
fn object_of(statement: &Statement) -> Value {
    use SqlStatement as S;
    let Statement::Statement(inner) = statement else { return Value::Null };
    match inner.as_ref() {
        S::ShowTables { .. } => json!({"what": "tables"}),
        S::ShowViews { .. } => json!({"what": "views"}),
        S::ShowColumns { show_options, .. } => json!({"what": "columns", "name": shown_in(show_options)}),
        S::ShowFunctions { .. } => json!({"what": "functions"}),
        S::ShowVariable { variable } => {
            let name: Vec<String> = variable.iter().map(word).collect();
            json!({"what": "variable", "name": name.join(".")})
        }
        S::ShowCreate { obj_name, .. } => json!({"what": "create", "name": last_word(obj_name)}),
        S::ShowDatabases { .. } | S::ShowSchemas { .. } => json!({"what": "schemas"}),
        S::ExplainTable { table_name, .. } => json!({"what": "columns", "name": last_word(table_name)}),
        _ => json!({"what": "other"}),
    }
}

fn shown_in(options: &ShowStatementOptions) -> Option<String> {
    options.show_in.as_ref().and_then(|shown| shown.parent_name.as_ref()).and_then(last_word)
}

/// The request of a statement, and the plan of the rows it needs; a query is {"kind":"query"} and itself.
pub fn split(plan: LogicalPlan) -> Result<(Value, LogicalPlan)> {
    let owned = |input: Arc<LogicalPlan>| Arc::unwrap_or_clone(input);
    Ok(match plan {
        LogicalPlan::Explain(explain) => {
            let (inner, rows) = split(owned(explain.plan))?;
            let format = explain.explain_format.to_string();
            let request = json!({"kind": "explain", "of": inner["kind"], "verbose": explain.verbose, "format": format});
            (request, rows)
        }
        LogicalPlan::Analyze(analyze) => {
            let (inner, rows) = split(owned(analyze.input))?;
            (json!({"kind": "analyze", "of": inner["kind"], "verbose": analyze.verbose}), rows)
        }
        LogicalPlan::Dml(dml) => {
            let op = match &dml.op {
                WriteOp::Insert(InsertOp::Append) => "append",
                WriteOp::Insert(InsertOp::Overwrite) => "overwrite",
                WriteOp::Insert(InsertOp::Replace) => "replace",
                _ => "",
            };
            let kind = match &dml.op {
                WriteOp::Insert(_) => "insert",
                WriteOp::Delete => "delete",
                WriteOp::Update => "update",
                WriteOp::Truncate => "truncate",
                WriteOp::MergeInto(_) => "merge",
                WriteOp::Ctas => "create_table",
                _ => "other",
            };
            (json!({"kind": kind, "table": dml.table_name.table(), "op": op}), owned(dml.input))
        }
        LogicalPlan::Copy(copy) => {
            let options: Map<String, Value> = copy.options.into_iter().map(|(k, v)| (k, v.into())).collect();
            let format = copy.file_type.get_ext();
            let partition_by = copy.partition_by;
            let request = json!({
                "kind": "copy",
                "uri": copy.output_url,
                "format": format,
                "partition_by": partition_by,
                "options": options,
            });
            (request, owned(copy.input))
        }
        LogicalPlan::Ddl(ddl) => split_ddl(ddl)?,
        LogicalPlan::Statement(statement) => split_statement(statement),
        LogicalPlan::DescribeTable(described) => {
            let schema = DFSchemaRef::new(DFSchema::try_from(described.schema)?);
            (json!({"kind": "describe"}), no_rows(schema))
        }
        query => (json!({"kind": "query"}), query),
    })
}

/// No rows of the types that CREATE FUNCTION names: the arguments, then the result, which is last and called `returns`.
pub fn types_only(plan: LogicalPlan) -> LogicalPlan {
    let LogicalPlan::Ddl(DdlStatement::CreateFunction(created)) = plan else { return plan };
    let kinds = created.args.iter().flatten().map(|arg| &arg.data_type).enumerate();
    let mut fields: Vec<Field> = kinds.map(|(i, kind)| Field::new(format!("${}", i + 1), kind.clone(), true)).collect();
    fields.extend(created.return_type.map(|kind| Field::new("returns", kind, true)));
    let schema = DFSchema::from_unqualified_fields(fields.into(), HashMap::new()).unwrap_or_else(|_| DFSchema::empty());
    no_rows(DFSchemaRef::new(schema))
}

fn no_rows(schema: DFSchemaRef) -> LogicalPlan {
    LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: false, schema })
}

/// The one-part name a statement gives to what it makes or drops.
fn plain_name(reference: &TableReference) -> Result<&str> {
    match reference {
        TableReference::Bare { table } => Ok(table),
        _ => {
            let text = format!("'{reference}' is named with a catalog or schema in front");
            Err(Failure::new(status::UNSUPPORTED, text).with_hint("names have one part: write the last one alone"))
        }
    }
}

fn split_ddl(ddl: DdlStatement) -> Result<(Value, LogicalPlan)> {
    Ok(match ddl {
        DdlStatement::CreateMemoryTable(table) => {
            let request = json!({
                "kind": "create_table", "name": plain_name(&table.name)?, "if_not_exists": table.if_not_exists,
                "or_replace": table.or_replace,
                "constraints": !table.constraints.is_empty() || !table.column_defaults.is_empty(),
            });
            (request, Arc::unwrap_or_clone(table.input))
        }
        DdlStatement::CreateView(view) => {
            let request = json!({
                "kind": "create_view",
                "name": plain_name(&view.name)
                ?,
                "or_replace"
                : view.or_replace
            });
            (request, Arc::unwrap_or_clone(view.input))
        }
        DdlStatement::CreateExternalTable(table) => {
            let options: Map<String, Value> =
                table.options.iter().map(|(k, v)| (k.clone(), v.clone().into())).collect();
            let request = json!({
                "kind": "create_external_table",
                "name": plain_name(&table.name)
                ?,
                "locations"
                : table.locations,
                "format": table.file_type.to_lowercase(),
                "partition_by": table.table_partition_cols,
                "if_not_exists": table.if_not_exists,
                "or_replace": table.or_replace,
                "options": options,
                "constraints": !table.constraints.is_empty() || !table.column_defaults.is_empty() ||
                    !table.order_exprs.is_empty() || table.unbounded,
            });
            (request, no_rows(table.schema))
        }
        DdlStatement::DropTable(dropped) => {
            let name = plain_name(&dropped.name)?;
            (json!({"kind": "drop_table", "name": name, "if_exists": dropped.if_exists}), no_rows(dropped.schema))
        }
        DdlStatement::DropView(dropped) => {
            let name = plain_name(&dropped.name)?;
            (json!({"kind": "drop_view", "name": name, "if_exists": dropped.if_exists}), no_rows(dropped.schema))
        }
        other => (json!({"kind": "other", "name": other.name()}), no_rows(Arc::clone(other.schema()))),
    })
}

fn split_statement(statement: PlanStatement) -> (Value, LogicalPlan) {
    let request = match &statement {
        PlanStatement::SetVariable(set) => json!({"kind": "set", "name": set.variable, "value": set.value}),
        PlanStatement::ResetVariable(reset) => json!({"kind": "reset", "name": reset.variable}),
        other => json!({"kind": "other", "name": other.name()}),
    };
    (request, no_rows(Arc::clone(statement.schema())))
}
