//! Expressions: casts, literals, functions and parameters of types Substrait has not, and long chains of operators.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{DFSchema, DFSchemaRef};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::binary::BinaryTypeCoercer;
use datafusion::logical_expr::expr::{self, Alias, Placeholder};
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, ExprSchemable, Like, Operator, TryCast, lit};
use datafusion::scalar::ScalarValue;
use datafusion_substrait::logical_plan::producer::{
    SubstraitProducer, from_cast, from_literal, from_placeholder, from_try_cast, from_unary_expr, operator_to_name,
};
use datafusion_substrait::substrait::proto::expression::literal::LiteralType;
use datafusion_substrait::substrait::proto::expression::{Literal, RexType, ScalarFunction};
use datafusion_substrait::substrait::proto::function_argument::ArgType;
use datafusion_substrait::substrait::proto::{Expression, FunctionArgument, Type};

use super::{Producer, fields};
use crate::error::Result;
use crate::substrait::encoding as words;
use crate::substrait::types::{is_exact, is_exact_value, spelled, stored, type_text};

impl Producer {
    pub(super) fn call(&mut self, name: &str, arguments: Vec<Expression>) -> Expression {
        let function_reference = self.register_function(name.to_owned());
        let value = |argument| FunctionArgument { arg_type: Some(ArgType::Value(argument)) };
        Expression {
            rex_type: Some(RexType::ScalarFunction(ScalarFunction {
                function_reference,
                arguments: arguments.into_iter().map(value).collect(),
                ..ScalarFunction::default()
            })),
        }
    }

    /// A call that says the type of its value.
    fn typed_call(&mut self, name: &str, arguments: Vec<Expression>, kind: &DataType, nullable: bool) -> Expression {
        let mut made = self.call(name, arguments);
        let output_type = self.output_type(kind, nullable);
        if let Some(RexType::ScalarFunction(call)) = made.rex_type.as_mut() {
            call.output_type = output_type;
        }
        made
    }

    /// A type in Substrait's words, taken from the typed null that a cast of null becomes; None when it has none.
    fn output_type(&mut self, kind: &DataType, nullable: bool) -> Option<Type> {
        let field = Arc::new(Field::new("", spelled(kind), nullable));
        let cast = Cast::new_from_field(Box::new(lit(ScalarValue::Null)), field);
        let made = from_cast(self, &cast, &Arc::new(DFSchema::empty())).ok()?;
        match made.rex_type {
            Some(RexType::Literal(Literal { literal_type: Some(LiteralType::Null(kind)), .. })) => Some(kind),
            _ => None,
        }
    }

    fn text(&mut self, text: &str) -> DfResult<Expression> {
        from_literal(self, &ScalarValue::Utf8(Some(text.to_owned())))
    }

    /// cast or try_cast to a type that Substrait would change.
    fn exact_cast(&mut self, name: &str, value: &Expr, kind: &FieldRef, schema: &DFSchemaRef) -> DfResult<Expression> {
        let mut arguments = vec![self.handle_expr(value, schema)?, self.text(&type_text(kind.data_type())?)?];
        if !kind.metadata().is_empty() {
            arguments.push(self.text(&words::metadata_text(&kind.metadata().into()))?);
        }
        Ok(self.call(name, arguments))
    }

    pub(super) fn cast(&mut self, cast: &Cast, schema: &DFSchemaRef) -> DfResult<Expression> {
        if is_exact(cast.field.data_type()) && cast.field.metadata().is_empty() {
            return from_cast(self, cast, schema);
        }
        self.exact_cast(words::CAST, &cast.expr, &cast.field, schema)
    }

    pub(super) fn try_cast(&mut self, cast: &TryCast, schema: &DFSchemaRef) -> DfResult<Expression> {
        if is_exact(cast.field.data_type()) && cast.field.metadata().is_empty() {
            return from_try_cast(self, cast, schema);
        }
        self.exact_cast(words::TRY_CAST, &cast.expr, &cast.field, schema)
    }

    pub(super) fn literal(&mut self, value: &ScalarValue) -> DfResult<Expression> {
        if is_exact_value(value) {
            return from_literal(self, value);
        }
        Ok(self.exact_literal(value, "{}")?)
    }

    pub(super) fn exact_literal(&mut self, value: &ScalarValue, metadata: &str) -> Result<Expression> {
        let (text, stored) = (type_text(&value.data_type())?, stored(value)?);
        let arguments = vec![from_literal(self, &stored)?, self.text(&text)?, self.text(metadata)?];
        Ok(self.call(words::LITERAL, arguments))
    }

    pub(super) fn alias(&mut self, alias: &Alias, schema: &DFSchemaRef) -> DfResult<Expression> {
        let value = self.handle_expr(&alias.expr, schema)?;
        match &alias.metadata {
            Some(metadata) if !metadata.is_empty() => {
                let text = self.text(&words::metadata_text(metadata))?;
                Ok(self.call(words::WITH_METADATA, vec![value, text]))
            }
            _ => Ok(value),
        }
    }

    pub(super) fn placeholder(&mut self, placeholder: &Placeholder) -> Result<Expression> {
        let kind = placeholder.field.as_ref().map(|field| field.data_type());
        let numbered = placeholder.id.trim_start_matches('$').parse::<u32>().is_ok_and(|n| n > 0);
        if numbered && kind.is_none_or(is_exact) {
            return Ok(from_placeholder(self, placeholder)?);
        }
        let kind = kind.map(type_text).transpose()?.unwrap_or_default();
        let arguments = vec![self.text(&placeholder.id)?, self.text(&kind)?];
        Ok(self.call(words::PARAMETER, arguments))
    }

    pub(super) fn similar_to(&mut self, like: &Like, schema: &DFSchemaRef) -> DfResult<Expression> {
        let escape = like.escape_char.map(String::from).unwrap_or_default();
        let arguments =
            vec![self.handle_expr(&like.expr, schema)?, self.handle_expr(&like.pattern, schema)?, self.text(&escape)?];
        let nullable = like.expr.nullable(schema)? || like.pattern.nullable(schema)?;
        let made = self.typed_call(words::SIMILAR_TO, arguments, &DataType::Boolean, nullable);
        Ok(if like.negated { self.typed_call("not", vec![made], &DataType::Boolean, nullable) } else { made })
    }

    pub(super) fn function(&mut self, function: &expr::ScalarFunction, schema: &DFSchemaRef) -> DfResult<Expression> {
        let nested = fields::is_nested(function);
        let mut arguments = Vec::with_capacity(function.args.len());
        let mut known = Vec::new();
        for argument in &function.args {
            arguments.push(self.handle_expr(argument, schema)?);
            if nested {
                known.push(self.field_of(argument, schema)?);
            }
        }
        let field = match nested {
            true => fields::field_of_call(function, &known)?,
            false => Expr::ScalarFunction(function.clone()).to_field(schema)?.1,
        };
        // Substrait's logb takes value and base, SQL's log base and value.
        if function.name() == "log" && arguments.len() == 2 {
            arguments.swap(0, 1);
        }
        let made = self.typed_call(function.name(), arguments, field.data_type(), field.is_nullable());
        self.say_field(std::ptr::from_ref(function).addr(), field.data_type(), field.is_nullable());
        Ok(made)
    }

    /// Left-deep chains are as long as the SQL text is, so they are walked with a loop, each type made of the types
    /// below it: the crate derives it anew at each level, in cubic time.
    pub(super) fn binary_chain(&mut self, expr: &BinaryExpr, schema: &DFSchemaRef) -> DfResult<Expression> {
        let mut chain = vec![expr];
        let mut first = expr.left.as_ref();
        while let Expr::BinaryExpr(inner) = first {
            chain.push(inner);
            first = inner.left.as_ref();
        }
        let mut value = self.handle_expr(first, schema)?;
        let field = self.field_of(first, schema)?;
        let (mut kind, mut nullable) = (field.data_type().clone(), field.is_nullable());
        for node in chain.into_iter().rev() {
            let right = self.handle_expr(&node.right, schema)?;
            let field = self.field_of(&node.right, schema)?;
            kind = BinaryTypeCoercer::new(&kind, &node.op, field.data_type()).get_result_type()?;
            nullable |= field.is_nullable();
            value = match own_operator(node.op) {
                Some(text) => {
                    let text = self.text(text)?;
                    self.typed_call(words::OPERATOR, vec![value, right, text], &kind, nullable)
                }
                None => self.typed_call(operator_to_name(node.op), vec![value, right], &kind, nullable),
            };
        }
        self.say_field(std::ptr::from_ref(expr).addr(), &kind, nullable);
        Ok(value)
    }

    /// As for binary operators: the type is that of the input, not derived anew at each level.
    pub(super) fn unary(&mut self, expr: &Expr, schema: &DFSchemaRef) -> DfResult<Expression> {
        let (name, inner) = match expr {
            Expr::Not(inner) => ("not", inner),
            Expr::Negative(inner) => ("negate", inner),
            _ => return from_unary_expr(self, expr, schema),
        };
        let value = self.handle_expr(inner, schema)?;
        let field = self.field_of(inner, schema)?;
        let made = self.typed_call(name, vec![value], field.data_type(), field.is_nullable());
        self.say_field(std::ptr::from_ref(expr).addr(), field.data_type(), field.is_nullable());
        Ok(made)
    }
}

/// The text of an operator whose word the crate reads back as something else or not at all.
fn own_operator(op: Operator) -> Option<&'static str> {
    words::OWN_OPERATORS.iter().find(|(own, _)| *own == op).map(|(_, text)| *text)
}
