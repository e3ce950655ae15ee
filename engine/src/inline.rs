//! Calls of functions written in SQL become the bodies of those functions, over the arguments of the call. Runs as a
//! rewrite before a plan is analysed, so types are coerced in what is written out, and output names stay.

use std::sync::Arc;

use datafusion::common::DFSchema;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::expr::{Placeholder, ScalarFunction};
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{Cast, Expr};

use crate::error::{Result, status};
use crate::sql_function::{Definitions, SqlFunction, refuse};
use crate::udf::CompleteCalls;

/// What one call may become, nested functions included.
const MAX_NODES: usize = 20_000;
/// How deep bodies may call each other.
const MAX_DEPTH: usize = 64;

fn size_of_expr(expr: &Expr) -> Result<usize> {
    let mut count = 0;
    expr.apply(|_| {
        count += 1;
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(count)
}

/// Which argument a placeholder of a body stands for.
fn place_of(placeholder: &Placeholder) -> Option<usize> {
    placeholder.id.strip_prefix('$')?.parse::<usize>().ok()?.checked_sub(1)
}

fn uses_of(body: &Expr, n: usize) -> Result<Vec<usize>> {
    let mut uses = vec![0; n];
    body.apply(|part| {
        if let Expr::Placeholder(placeholder) = part
            && let Some(count) = place_of(placeholder).and_then(|i| uses.get_mut(i))
        {
            *count += 1;
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(uses)
}

fn is_sql(call: &ScalarFunction) -> bool {
    call.func.inner().downcast_ref::<SqlFunction>().is_some()
}

/// Where a call stands.
pub struct Scope<'a> {
    pub schema: &'a DFSchema,
    pub config: &'a ConfigOptions,
}

/// Puts bodies in place of calls.
#[derive(Debug)]
pub struct Inline(pub Arc<Definitions>);

fn check_size(function: &SqlFunction, nodes: usize) -> Result<()> {
    if nodes <= MAX_NODES {
        return Ok(());
    }
    let why = format!("becomes an expression of {nodes} parts, more than {MAX_NODES}");
    Err(refuse(&function.name, status::LIMIT, why).with_hint("split the query into views"))
}

impl Inline {
    pub fn expand(&self, function: &SqlFunction, given: Vec<Expr>, scope: &Scope<'_>, depth: usize) -> Result<Expr> {
        if depth > MAX_DEPTH {
            let why = format!("calls functions more than {MAX_DEPTH} deep");
            return Err(refuse(&function.name, status::LIMIT, why));
        }
        let arguments = function.bind(given, scope.schema)?;
        let uses = uses_of(&function.body, arguments.len())?;
        let mut nodes = size_of_expr(&function.body)?;
        for (i, (argument, count)) in arguments.iter().zip(&uses).enumerate() {
            if *count > 1 && argument.is_volatile() {
                let why = format!("would evaluate argument {} {count} times, and it is volatile", i + 1);
                return Err(refuse(&function.name, status::PLAN, why)
                    .with_hint("give the argument a value first, in a subquery or a view"));
            }
            nodes += count * size_of_expr(argument)?;
        }
        check_size(function, nodes)?;
        let put = |part: Expr| -> DfResult<Transformed<Expr>> {
            match part {
                Expr::Placeholder(placeholder) => {
                    let argument = place_of(&placeholder).and_then(|i| arguments.get(i)).cloned();
                    let missing =
                        || refuse(&function.name, status::PLAN, format!("has no argument {}", placeholder.id));
                    Ok(Transformed::yes(argument.ok_or_else(missing)?))
                }
                Expr::ScalarFunction(call) if is_sql(&call) => {
                    let before = call.args.iter().map(size_of_expr).sum::<Result<usize>>()?;
                    let made = self.replace(call, scope, depth + 1)?;
                    nodes = (nodes + size_of_expr(&made)?).saturating_sub(before);
                    check_size(function, nodes)?;
                    Ok(Transformed::yes(made))
                }
                other => CompleteCalls.rewrite(other, scope.schema, scope.config),
            }
        };
        let body = function.body.clone().transform_up(put).data()?;
        if function.body_type == function.returns {
            return Ok(body);
        }
        Ok(Expr::Cast(Cast::new(Box::new(body), function.returns.clone())))
    }

    /// The body in place of a call of a function written in SQL; the newest of its name.
    fn replace(&self, call: ScalarFunction, scope: &Scope<'_>, depth: usize) -> Result<Expr> {
        let newest = self.0.function(call.func.name()).unwrap_or_else(|| Arc::clone(&call.func));
        let Some(function) = newest.inner().downcast_ref::<SqlFunction>() else {
            return Err(refuse(call.func.name(), status::INTERNAL, "is no function written in SQL"));
        };
        self.expand(function, call.args, scope, depth)
    }
}

impl FunctionRewrite for Inline {
    fn name(&self) -> &str {
        "pinion_inline"
    }

    fn rewrite(&self, expr: Expr, schema: &DFSchema, config: &ConfigOptions) -> DfResult<Transformed<Expr>> {
        match expr {
            Expr::ScalarFunction(call) if is_sql(&call) => {
                Ok(Transformed::yes(self.replace(call, &Scope { schema, config }, 1)?))
            }
            other => Ok(Transformed::no(other)),
        }
    }
}
