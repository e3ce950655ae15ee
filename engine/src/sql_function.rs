//! Functions written in SQL: a scalar function is its body, put in place of the call before a plan is optimised; one of
//! another kind is a second name of a function that is there.
//!
//! A body knows its arguments as `$1 … $n`. Arguments are cast to the declared types, the body to the declared result,
//! so a plan holds plain expressions afterwards and nothing of it needs the function. Which functions there may be is
//! decided in C.

use std::collections::HashMap;
use std::ffi::c_char;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

use datafusion::arrow::compute::can_cast_types;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result as DfResult;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::registry::FunctionRegistry;
use datafusion::logical_expr::{
    ColumnarValue, CreateFunction, DdlStatement, Expr, ExprSchemable, LogicalPlan, OperateFunctionArg,
    ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::sql::parser::DFParserBuilder;

use crate::error::{Failure, Result, pne_error, status};
use crate::guard::guard_on;
use crate::inline::{Inline, Scope};
use crate::params::family;
use crate::session::{Session, Space, pne_session};
use crate::udf::PackOptions;
use crate::view::{self, Fields};

/// The functions of a session and its forks.
#[derive(Debug, Default)]
pub struct Definitions {
    scalar: RwLock<HashMap<String, Arc<ScalarUDF>>>,
    renamed: RwLock<HashMap<String, Renamed>>,
}

/// A second name.
#[derive(Debug, Clone)]
pub struct Renamed {
    pub target: String,
    pub is_table: bool,
}

impl Definitions {
    pub fn function(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.scalar.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// All second names, as they are now.
    pub fn renamed(&self) -> HashMap<String, Renamed> {
        self.renamed.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn add_scalar(&self, name: &str, function: Arc<ScalarUDF>) {
        self.remove(name);
        self.scalar.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), function);
    }

    pub fn add_renamed(&self, name: &str, renamed: Renamed) {
        self.remove(name);
        self.renamed.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), renamed);
    }

    pub fn remove(&self, name: &str) {
        self.scalar.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        self.renamed.write().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

/// One scalar function.
#[derive(Debug)]
pub struct SqlFunction {
    pub name: String,
    /// The statement that made it.
    text: String,
    signature: Signature,
    arguments: Vec<DataType>,
    defaults: Vec<Option<Expr>>,
    pub returns: DataType,
    pub body: Expr,
    pub body_type: DataType,
}

impl PartialEq for SqlFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.text == other.text
    }
}

impl Eq for SqlFunction {}

impl Hash for SqlFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.name, &self.text).hash(state);
    }
}

pub fn refuse(name: &str, code: i32, why: impl std::fmt::Display) -> Failure {
    Failure::new(code, format!("function '{name}' {why}"))
}

/// Whether a value of `given` is taken where `wanted` is declared: one family, and nothing of a number is cut off.
fn takes(wanted: &DataType, given: &DataType) -> bool {
    let cuts = wanted.is_integer() && given.is_numeric() && !given.is_integer();
    given.is_null() || (family(given) == family(wanted) && !cuts && can_cast_types(given, wanted))
}

impl ScalarUDFImpl for SqlFunction {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DfResult<DataType> {
        Ok(self.returns.clone())
    }

    fn coerce_types(&self, given: &[DataType]) -> DfResult<Vec<DataType>> {
        let most = self.arguments.len();
        let least = self.defaults.iter().take_while(|default| default.is_none()).count();
        if given.len() < least || given.len() > most {
            let range = if least == most { most.to_string() } else { format!("{least} to {most}") };
            let why = format!("takes {range} arguments, not {}", given.len());
            return Err(refuse(&self.name, status::PLAN, why).into());
        }
        for (i, (wanted, given)) in self.arguments.iter().zip(given).enumerate() {
            if !takes(wanted, given) {
                let why = format!("takes {wanted} as argument {}, not {given}", i + 1);
                let failure = refuse(&self.name, status::PLAN, why).with_hint("cast the argument where it is called");
                return Err(failure.into());
            }
        }
        Ok(self.arguments[..given.len()].to_vec())
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> DfResult<ColumnarValue> {
        Err(refuse(&self.name, status::INTERNAL, "was to be executed, and not put in place").into())
    }
}

impl SqlFunction {
    /// What planning the statement gave.
    fn new(created: CreateFunction, text: &str, volatility: Volatility) -> Result<Self> {
        let name = created.name;
        let arguments = created.args.unwrap_or_default();
        let names: Vec<String> = arguments.iter().filter_map(argument_name).collect();
        let mut signature = Signature::user_defined(volatility);
        if !names.is_empty() {
            signature = signature.with_parameter_names(names)?;
        }
        let (Some(returns), Some(body)) = (created.return_type, created.params.function_body) else {
            return Err(refuse(&name, status::INVALID, "is declared without a type or a body"));
        };
        let (arguments, defaults) = arguments.into_iter().map(|arg| (arg.data_type, arg.default_expr)).unzip();
        let text = text.to_owned();
        let body_type = DataType::Null;
        Ok(SqlFunction { name, text, signature, arguments, defaults, returns, body, body_type })
    }

    fn default_of(&self, i: usize) -> Result<Expr> {
        let default = self.defaults.get(i).cloned().flatten();
        default.ok_or_else(|| refuse(&self.name, status::PLAN, format!("is called without argument {}", i + 1)))
    }

    /// The arguments of a call, all of them and of the declared types.
    pub fn bind(&self, given: Vec<Expr>, schema: &DFSchema) -> Result<Vec<Expr>> {
        let mut bound = Vec::with_capacity(self.arguments.len());
        let mut given = given.into_iter();
        for (i, wanted) in self.arguments.iter().enumerate() {
            let argument = given.next().map_or_else(|| self.default_of(i), Ok)?;
            bound.push(argument.cast_to(wanted, schema)?);
        }
        Ok(bound)
    }
}

fn argument_name(argument: &OperateFunctionArg) -> Option<String> {
    argument.name.as_ref().map(crate::statement::word)
}

/// Plans the statement of a scalar function and looks at what it would become.
async fn make_scalar(
    state: SessionState,
    definitions: Arc<Definitions>,
    text: String,
    volatility: Volatility,
) -> Result<Arc<ScalarUDF>> {
    let statement = DFParserBuilder::new(text.as_str()).build()?.parse_statement()?;
    let LogicalPlan::Ddl(DdlStatement::CreateFunction(created)) = state.statement_to_plan(statement).await? else {
        return Err(Failure::new(status::INTERNAL, "the text of a function is no CREATE FUNCTION"));
    };
    let mut function = SqlFunction::new(*created, &text, volatility)?;
    let sample = function.arguments.iter().map(ScalarValue::try_from).collect::<DfResult<Vec<_>>>()?;
    let sample = sample.into_iter().map(|value| Expr::Literal(value, None)).collect();
    function.body_type = function.returns.clone();
    let empty = DFSchema::empty();
    let scope = Scope { schema: &empty, config: state.config_options() };
    let expanded = Inline(definitions).expand(&function, sample, &scope, 1)?;
    let (found, wanted) = (expanded.get_type(&empty)?, &function.returns);
    if !can_cast_types(&found, wanted) {
        let why = format!("is declared to return {wanted}, and its body gives {found}");
        return Err(refuse(&function.name, status::PLAN, why));
    }
    function.body_type = found;
    Ok(Arc::new(ScalarUDF::from(function)))
}

impl Session {
    /// Adds a scalar function to both spaces; with the first comes the rewrite that puts bodies in place.
    fn define_scalar(&self, name: &str, function: &Arc<ScalarUDF>) -> Result<()> {
        self.change(|state| {
            let inline = Inline(Arc::clone(self.definitions()));
            if state.analyzer().function_rewrites().iter().all(|rewrite| rewrite.name() != inline.name()) {
                state.register_function_rewrite(Arc::new(inline))?;
            }
            state.register_udf(Arc::clone(function))?;
            Ok(())
        })?;
        self.definitions().add_scalar(name, Arc::clone(function));
        Ok(())
    }

    /// Removes whatever function has the name from both spaces.
    fn undefine(&self, name: &str) -> Result<()> {
        self.forget_function(name);
        self.change(|state| {
            state.deregister_udf(name)?;
            state.deregister_udaf(name)?;
            state.deregister_udwf(name)?;
            state.deregister_udtf(name)?;
            Ok(())
        })?;
        self.definitions().remove(name);
        Ok(())
    }

    /// Removes all that a pack brought.
    fn remove_pack(&self, mut brought: Fields<'_>) -> Result<()> {
        let mut names = |key: &str| brought.strings(key).map(Option::unwrap_or_default);
        let (functions, providers, options) = (names("functions")?, names("providers")?, names("options")?);
        brought.finish()?;
        functions.iter().try_for_each(|function| self.undefine(function))?;
        let mut known = self.providers.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|format, _| !providers.contains(format));
        drop(known);
        self.change(|state| {
            PackOptions::remove(state.config_mut().options_mut(), &options);
            Ok(())
        })
    }
}

fn volatility_of(word: &str) -> Result<Volatility> {
    match word {
        "immutable" => Ok(Volatility::Immutable),
        "stable" => Ok(Volatility::Stable),
        "volatile" => Ok(Volatility::Volatile),
        _ => Err(Failure::new(status::INVALID, format!("there is no volatility '{word}'"))),
    }
}

/// Defines a function written in SQL, or removes a function by name, in both spaces and in what is forked later.
///
/// `definition`: {"name", "kind":"scalar", "text":"CREATE FUNCTION …", "volatility"}, where the text is one statement with
/// RETURNS and RETURN; {"name", "kind":"aggregate|window|table", "target"} makes a second name; {"name",
/// "kind":"none"} removes whatever function has the name; {"name", "kind":"no_pack", "functions":[…], "providers":
/// ["pack.provider", …], "options":[keys]} removes all that a pack of that name brought. A function of the name is
/// replaced. PLAN: the body does not plan or gives another type, and nothing is changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pne_session_define(
    session: *const pne_session,
    definition: *const c_char,
    err: *mut pne_error,
) -> i32 {
    guard_on(session, err, |session| {
        // SAFETY: the caller passes NUL-terminated text.
        let mut fields = Fields::new(unsafe { view::json_object(definition, "function")? }, "function");
        let (name, kind) = (fields.required("name")?, fields.required("kind")?);
        let session = &session.content;
        match kind.as_str() {
            "scalar" => {
                let (text, word) = (fields.required("text")?, fields.required("volatility")?);
                let (state, definitions) = (session.state(Space::Identity), Arc::clone(session.definitions()));
                let volatility = volatility_of(&word)?;
                let job = move || make_scalar(state, definitions, text, volatility);
                session.define_scalar(&name, &session.engine().plan_async(None, job)?)?;
            }
            "none" => session.undefine(&name)?,
            "no_pack" => return session.remove_pack(fields),
            kind => {
                session.undefine(&name)?;
                let renamed = Renamed { target: fields.required("target")?, is_table: kind == "table" };
                session.definitions().add_renamed(&name, renamed);
            }
        }
        fields.finish()
    })
}
