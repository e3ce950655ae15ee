//! Planners of packs: what an operator means by the types of its operands, and what an item of FROM stands for.
//!
//! A session has one adapter of each kind from the start, and asks the planners that were installed, in that order,
//! before the engine's own. What they decide is written into the plan; who decided is noted beside it.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::ffi::{CStr, CString, c_char, c_void};
use std::sync::{Arc, PoisonError, RwLock};

use datafusion::arrow::datatypes::{Field, FieldRef};
use datafusion::arrow::ffi::FFI_ArrowSchema;
use datafusion::common::DFSchema;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::registry::FunctionRegistry;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, ScalarUDF};

use crate::error::{Failure, Result, pne_error, status};
use crate::guard::guard_on;
use crate::session::{Session, Space, pne_session};
use crate::udf::{MESSAGE_BYTES, Message};
use crate::view;

#[repr(C)]
pub struct pn_operator_plan {
    struct_size: u32,
    swap: i32,
    function: *const c_char,
}

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct pn_expr_planner {
    struct_size: u32,
    reserved: u32,
    name: *const c_char,
    body_version: *const c_char,
    ctx: *mut c_void,
    plan_operator: Option<
        unsafe extern "C" fn(
            ctx: *mut c_void,
            op: *const c_char,
            left: *const FFI_ArrowSchema,
            right: *const FFI_ArrowSchema,
            out: *mut pn_operator_plan,
            message: *mut c_char,
            message_cap: usize,
        ) -> i32,
    >,
}

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct pn_relation_planner {
    struct_size: u32,
    reserved: u32,
    name: *const c_char,
    body_version: *const c_char,
    ctx: *mut c_void,
    plan_relation: Option<
        unsafe extern "C" fn(
            ctx: *mut c_void,
            relation: *const c_char,
            sql_out: *mut *mut c_char,
            message: *mut c_char,
            message_cap: usize,
        ) -> i32,
    >,
}

const _: () = assert!(size_of::<pn_operator_plan>() == 16);
const _: () = assert!(size_of::<pn_expr_planner>() == 40);
const _: () = assert!(size_of::<pn_relation_planner>() == 40);

thread_local! {
    /// Who decided something since the last look: planning stays on one thread.
    static DECIDED: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// The names of the planners that decided something on this thread, which are forgotten.
pub fn take_decided() -> BTreeSet<String> {
    DECIDED.take()
}

fn note_decided(name: &str) {
    DECIDED.with_borrow_mut(|names| names.insert(name.to_owned()));
}

/// The planners of a session and its forks.
#[derive(Debug, Default)]
pub struct Planners {
    operators: RwLock<Vec<Arc<OperatorPlanner>>>,
    relations: RwLock<Vec<Arc<RelationPlanner>>>,
}

impl Planners {
    fn operators(&self) -> Vec<Arc<OperatorPlanner>> {
        self.operators.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn relations(&self) -> Vec<Arc<RelationPlanner>> {
        self.relations.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The call that an operator becomes; None when no planner takes it.
    fn plan(&self, op: &str, left: &Expr, right: &Expr, schema: &DFSchema) -> Result<Option<Expr>> {
        let planners = self.operators();
        if planners.is_empty() {
            return Ok(None);
        }
        let (left_field, right_field) = (operand(left, schema)?, operand(right, schema)?);
        for planner in planners {
            if let Some((function, swap)) = planner.ask(op, &left_field, &right_field)? {
                note_decided(&planner.name);
                let (first, second) = if swap { (right, left) } else { (left, right) };
                let args = vec![first.clone(), second.clone()];
                return Ok(Some(Expr::ScalarFunction(ScalarFunction::new_udf(function, args))));
            }
        }
        Ok(None)
    }
}

/// What a planner learns of an operand. An operator's result has a type alone; `to_field` would also build its name, and
/// those of all operands below it, which in a long chain costs more than the rest of planning.
fn operand(expr: &Expr, schema: &DFSchema) -> Result<FieldRef> {
    Ok(match expr {
        Expr::BinaryExpr(_) => Arc::new(Field::new("", expr.get_type(schema)?, expr.nullable(schema)?)),
        _ => expr.to_field(schema)?.1,
    })
}

impl ExprPlanner for Planners {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> DfResult<PlannerResult<RawBinaryExpr>> {
        Ok(match self.plan(&expr.op.to_string(), &expr.left, &expr.right, schema)? {
            Some(call) => PlannerResult::Planned(call),
            None => PlannerResult::Original(expr),
        })
    }
}

/// The same for operators that did not come through SQL.
#[derive(Debug)]
struct OperatorRewrite(Arc<Planners>);

impl FunctionRewrite for OperatorRewrite {
    fn name(&self) -> &str {
        "operator_rewrite"
    }

    fn rewrite(&self, expr: Expr, schema: &DFSchema, _config: &ConfigOptions) -> DfResult<Transformed<Expr>> {
        let Expr::BinaryExpr(BinaryExpr { left, op, right }) = &expr else { return Ok(Transformed::no(expr)) };
        Ok(match self.0.plan(&op.to_string(), left, right, schema)? {
            Some(call) => Transformed::yes(call),
            None => Transformed::no(expr),
        })
    }
}

/// One operator planner of a pack.
#[derive(Debug)]
struct OperatorPlanner {
    name: String,
    table: pn_expr_planner,
    /// The scalar functions there were when it was installed.
    functions: HashMap<String, Arc<ScalarUDF>>,
}

// SAFETY: pinion/plugin.h demands that packs are callable from many threads, with the `ctx` of their tables.
unsafe impl Send for OperatorPlanner {}
// SAFETY: as above.
unsafe impl Sync for OperatorPlanner {}

impl OperatorPlanner {
    fn failure(&self, code: i32, why: &str) -> Failure {
        Failure::new(code, format!("planner '{}' {why}", self.name))
    }

    fn ask(&self, op: &str, left: &FieldRef, right: &FieldRef) -> Result<Option<(Arc<ScalarUDF>, bool)>> {
        let Some(plan_operator) = self.table.plan_operator else {
            return Err(self.failure(status::ABI, "plans no operator"));
        };
        let op_text = CString::new(op).map_err(|_| self.failure(status::INTERNAL, "was asked for a NUL"))?;
        let (left, right) = (FFI_ArrowSchema::try_from(left.as_ref())?, FFI_ArrowSchema::try_from(right.as_ref())?);
        let size = size_of::<pn_operator_plan>() as u32;
        let mut out = pn_operator_plan { struct_size: size, swap: 0, function: std::ptr::null() };
        let mut message = Message::new();
        // SAFETY: all pointers live during the call; plugin.h says what the function may do.
        let code = unsafe {
            let (room, cap) = (message.as_mut_ptr(), MESSAGE_BYTES);
            plan_operator(self.table.ctx, op_text.as_ptr(), &left, &right, &mut out, room, cap)
        };
        if code != 0 {
            return Err(self.failure(status::PLAN, &format!("refuses the operator '{op}': {}", message.text())));
        }
        if out.function.is_null() {
            return Ok(None);
        }
        // SAFETY: the pack gives NUL-terminated text that lives as long as the pack.
        let name = unsafe { view::text(out.function, "function of an operator")? };
        let function = self.functions.get(name).cloned();
        let unknown = || self.failure(status::PLAN, &format!("makes '{op}' a call of '{name}', which is no function"));
        Ok(Some((function.ok_or_else(unknown)?, out.swap != 0)))
    }
}

/// One relation planner of a pack.
#[derive(Debug)]
pub struct RelationPlanner {
    name: String,
    table: pn_relation_planner,
    free: unsafe extern "C" fn(*mut c_void),
}

// SAFETY: as for OperatorPlanner.
unsafe impl Send for RelationPlanner {}
// SAFETY: as above.
unsafe impl Sync for RelationPlanner {}

impl RelationPlanner {
    pub fn failure(&self, code: i32, why: &str) -> Failure {
        Failure::new(code, format!("planner '{}' {why}", self.name))
    }

    /// The query that an item of FROM stands for; None when it is not this planner's.
    pub fn ask(&self, relation: &str) -> Result<Option<String>> {
        let Some(plan_relation) = self.table.plan_relation else {
            return Err(self.failure(status::ABI, "plans no relation"));
        };
        let relation_text = CString::new(relation).map_err(|_| self.failure(status::PLAN, "was asked for a NUL"))?;
        let mut sql: *mut c_char = std::ptr::null_mut();
        let mut message = Message::new();
        // SAFETY: all pointers live during the call; plugin.h says what the function may do.
        let code = unsafe {
            plan_relation(self.table.ctx, relation_text.as_ptr(), &mut sql, message.as_mut_ptr(), MESSAGE_BYTES)
        };
        let text = (!sql.is_null()).then(|| {
            // SAFETY: the pack hands over NUL-terminated text from pn_host.alloc, which is freed here once.
            unsafe {
                let text = CStr::from_ptr(sql).to_str().map(str::to_owned);
                (self.free)(sql.cast());
                text
            }
        });
        if code != 0 {
            return Err(self.failure(status::PLAN, &format!("refuses '{relation}': {}", message.text())));
        }
        let text = text.transpose().map_err(|_| self.failure(status::PLAN, "gave SQL that is not UTF-8"))?;
        if text.is_some() {
            note_decided(&self.name);
        }
        Ok(text)
    }
}

impl Session {
    fn install_operators(&self, table: &pn_expr_planner) -> Result<()> {
        // SAFETY: the caller hands over a checked table.
        let name = unsafe { view::text(table.name, "name of a planner")? }.to_owned();
        let functions = self.state(Space::Identity).scalar_functions().clone();
        let planner = Arc::new(OperatorPlanner { name, table: *table, functions });
        let planners = self.planners();
        let is_first = planners.operators().is_empty();
        planners.operators.write().unwrap_or_else(PoisonError::into_inner).push(planner);
        if !is_first {
            return Ok(());
        }
        self.change(|state| Ok(state.register_function_rewrite(Arc::new(OperatorRewrite(Arc::clone(planners))))?))
    }

    fn install_relations(&self, table: &pn_relation_planner, free: unsafe extern "C" fn(*mut c_void)) -> Result<()> {
        // SAFETY: the caller hands over a checked table.
        let name = unsafe { view::text(table.name, "name of a planner")? }.to_owned();
        let planner = Arc::new(RelationPlanner { name, table: *table, free });
        self.planners().relations.write().unwrap_or_else(PoisonError::into_inner).push(planner);
        Ok(())
    }
}

/// Installs a planner of a pack, in both spaces and behind those installed before: an operator planner, or a relation
/// planner with the `free` for the texts it hands over; the other one is NULL. The pack must stay loaded as long as
/// the session. INVALID: neither or both.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_session_install_planner(
    session: *const pne_session,
    operators: *const pn_expr_planner,
    relations: *const pn_relation_planner,
    free: Option<unsafe extern "C" fn(*mut c_void)>,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        // SAFETY: the caller passes NULL or a checked table of a pack that stays loaded.
        let (operators, relations) = unsafe { (operators.as_ref(), relations.as_ref()) };
        match (operators, relations, free) {
            (Some(table), None, _) => session.content.install_operators(table),
            (None, Some(table), Some(free)) => session.content.install_relations(table, free),
            _ => Err(Failure::new(status::INVALID, "one planner is installed at a time")),
        }
    })
}
