/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions, literals and types: each old spelling beside its successor. */
#include "plans.h"

#define LITERAL(kind) SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_##kind

static Substrait__Plan *keeping(pni_expr *condition) {
    Substrait__Plan *plan = t_plan(t_filter(t_read("t", "a"), condition), "a");
    t_declare(plan, 1, "f");
    return plan;
}

static Substrait__Plan *reading(Substrait__Type *type) {
    pni_rel *rel = t_read("t", "a");
    rel->read->base_schema->struct_->types[0] = type;
    return t_plan(rel, "a");
}

static void same(Substrait__Plan *one, Substrait__Plan *other) {
    T_EQ_STR(t_digest(one), t_digest(other));
}

static void differ(Substrait__Plan *one, Substrait__Plan *other) {
    T_ASSERT(strcmp(t_digest(one), t_digest(other)) != 0);
}

static void refused(const Substrait__Plan *plan, int32_t number) {
    pn_error err = PN_ERROR_INIT;
    pn_substrait *decoded = NULL;
    T_STATUS(t_decode(plan, &decoded, &err), PN_CORRUPT, &err);
    T_EQ_INT(err.number, number);
}

/* ---- functions ---------------------------------------------------------------------------- */

static pni_expr *old_call(void) {
    pni_expr *expr = t_call(1, t_field(0), t_number(2));
    Substrait__Expression__ScalarFunction *f = expr->scalar_function;
    T_PUSH(f->args, f->n_args, f->arguments[0]->value);
    T_PUSH(f->args, f->n_args, f->arguments[1]->value);
    f->n_arguments = 0;
    return expr;
}

T_CASE(old_arguments_are_arguments) {
    t_pool_used = 0;
    same(keeping(old_call()), keeping(t_call(1, t_field(0), t_number(2))));
    pni_expr *both = old_call();
    both->scalar_function->n_arguments = 1;
    refused(keeping(both), PNI_E_SUBSTRAIT_AMBIGUOUS);
}

T_CASE(an_enum_was_an_expression) {
    t_pool_used = 0;
    pni_expr *old = old_call();
    pni_expr *made = t_call(1, t_field(0), t_number(2));
    pni_expr *name = old->scalar_function->args[1];
    name->rex_type_case = SUBSTRAIT__EXPRESSION__REX_TYPE_ENUM;
    name->enum_ = t_node(&substrait__expression__enum__descriptor);
    name->enum_->enum_kind_case = SUBSTRAIT__EXPRESSION__ENUM__ENUM_KIND_SPECIFIED;
    name->enum_->specified = (char *)(uintptr_t) "YEAR";
    made->scalar_function->arguments[1]->arg_type_case =
        SUBSTRAIT__FUNCTION_ARGUMENT__ARG_TYPE_ENUM;
    made->scalar_function->arguments[1]->enum_ = (char *)(uintptr_t) "YEAR";
    same(keeping(old), keeping(made));
}

static pni_expr *with_options(const char *first, const char *second) {
    pni_expr *expr = t_call(1, t_field(0), NULL);
    const char *const names[] = {first, second};
    for (size_t i = 0; i < 2; i++) {
        Substrait__FunctionOption *option = t_node(&substrait__function_option__descriptor);
        option->name = (char *)(uintptr_t)names[i];
        T_PUSH(option->preference, option->n_preference, (char *)(uintptr_t) "x");
        T_PUSH(expr->scalar_function->options, expr->scalar_function->n_options, option);
    }
    return expr;
}

T_CASE(options_have_no_order) {
    t_pool_used = 0;
    same(keeping(with_options("overflow", "rounding")),
         keeping(with_options("rounding", "overflow")));
    differ(keeping(with_options("overflow", "rounding")),
           keeping(with_options("overflow", "mode")));
    refused(keeping(with_options("overflow", "overflow")), PNI_E_SUBSTRAIT_AMBIGUOUS);
}

static Substrait__Plan *windowed(bool bounds, int invocation) {
    pni_expr *expr = t_node(&substrait__expression__descriptor);
    Substrait__Expression__WindowFunction *f = expr->window_function =
        t_node(&substrait__expression__window_function__descriptor);
    expr->rex_type_case = SUBSTRAIT__EXPRESSION__REX_TYPE_WINDOW_FUNCTION;
    f->function_reference = 1;
    f->invocation = (Substrait__AggregateFunction__AggregationInvocation)invocation;
    for (int i = 0; bounds && i < 2; i++) {
        Substrait__Expression__WindowFunction__Bound *bound =
            t_node(&substrait__expression__window_function__bound__descriptor);
        bound->kind_case = SUBSTRAIT__EXPRESSION__WINDOW_FUNCTION__BOUND__KIND_UNBOUNDED;
        bound->unbounded =
            t_node(&substrait__expression__window_function__bound__unbounded__descriptor);
        *(i ? &f->upper_bound : &f->lower_bound) = bound;
    }
    return keeping(expr);
}

T_CASE(a_window_without_bounds_is_the_partition) {
    t_pool_used = 0;
    same(windowed(false, 0), windowed(true, 0));
    same(windowed(false, 0), windowed(false, PNI_INVOCATION(ALL)));
    differ(windowed(false, 0), windowed(false, PNI_INVOCATION(DISTINCT)));
}

/* ---- references --------------------------------------------------------------------------- */

T_CASE(a_reference_starts_at_the_row) {
    t_pool_used = 0;
    pni_expr *expr = t_field(0);
    expr->selection->root_type_case = SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE__NOT_SET;
    expr->selection->direct_reference->struct_field->child =
        t_node(&substrait__expression__reference_segment__descriptor);
    same(keeping(expr), keeping(t_field(0)));
    refused(keeping(t_node(&substrait__expression__descriptor)), PNI_E_SUBSTRAIT_SHAPE);
}

/* ---- literals ----------------------------------------------------------------------------- */

static pni_expr *literal(int kind, int64_t value, uint32_t variation) {
    pni_expr *expr = t_number(value);
    expr->literal->literal_type_case = (Substrait__Expression__Literal__LiteralTypeCase)kind;
    expr->literal->type_variation_reference = variation;
    if (kind == LITERAL(PRECISION_TIME)) {
        expr->literal->precision_time =
            t_node(&substrait__expression__literal__precision_time__descriptor);
        expr->literal->precision_time->precision = 6;
        expr->literal->precision_time->value = value;
    } else if (kind == LITERAL(PRECISION_TIMESTAMP) || kind == LITERAL(PRECISION_TIMESTAMP_TZ)) {
        expr->literal->precision_timestamp =
            t_node(&substrait__expression__literal__precision_timestamp__descriptor);
        expr->literal->precision_timestamp->precision = 6;
        expr->literal->precision_timestamp->value = value;
    }
    return expr;
}

T_CASE(old_times_are_microseconds) {
    static const int kinds[][2] = {{LITERAL(TIMESTAMP), LITERAL(PRECISION_TIMESTAMP)},
                                   {LITERAL(TIMESTAMP_TZ), LITERAL(PRECISION_TIMESTAMP_TZ)},
                                   {LITERAL(TIME), LITERAL(PRECISION_TIME)}};
    for (size_t i = 0; i < 3; i++) {
        t_pool_used = 0;
        same(keeping(literal(kinds[i][0], -7, 0)), keeping(literal(kinds[i][1], -7, 0)));
        differ(keeping(literal(kinds[i][0], 7, 0)), keeping(literal(kinds[i][1], 8, 0)));
        /* what a variation of the old kind means is the engine's own affair */
        differ(keeping(literal(kinds[i][0], 7, 2)), keeping(literal(kinds[i][1], 7, 2)));
    }
    differ(keeping(literal(LITERAL(TIMESTAMP), 7, 0)),
           keeping(literal(LITERAL(TIMESTAMP_TZ), 7, 0)));
}

typedef enum fraction { FRACTION_OLD, FRACTION_NEW, FRACTION_NONE, FRACTION_BOTH } fraction;

static Substrait__Plan *interval(fraction form, int32_t micros) {
    pni_expr *expr = t_number(0);
    Substrait__Expression__Literal__IntervalDayToSecond *made =
        t_node(&substrait__expression__literal__interval_day_to_second__descriptor);
    expr->literal->literal_type_case = LITERAL(INTERVAL_DAY_TO_SECOND);
    expr->literal->interval_day_to_second = made;
    made->days = 3;
    if (form == FRACTION_OLD || form == FRACTION_BOTH) {
        made->precision_mode_case =
            SUBSTRAIT__EXPRESSION__LITERAL__INTERVAL_DAY_TO_SECOND__PRECISION_MODE_MICROSECONDS;
        made->microseconds = micros;
    }
    if (form == FRACTION_NEW) {
        made->precision_mode_case =
            SUBSTRAIT__EXPRESSION__LITERAL__INTERVAL_DAY_TO_SECOND__PRECISION_MODE_PRECISION;
        made->precision = 6;
    }
    if (form == FRACTION_NEW || form == FRACTION_BOTH) {
        made->subseconds = micros;
    }
    return keeping(expr);
}

T_CASE(parts_of_a_second_have_a_precision) {
    t_pool_used = 0;
    same(interval(FRACTION_OLD, 250), interval(FRACTION_NEW, 250));
    same(interval(FRACTION_NONE, 0), interval(FRACTION_NEW, 0));
    differ(interval(FRACTION_OLD, 250), interval(FRACTION_OLD, 251));
    refused(interval(FRACTION_BOTH, 250), PNI_E_SUBSTRAIT_AMBIGUOUS);
}

T_CASE(a_null_is_nullable) {
    t_pool_used = 0;
    Substrait__Plan *plans[2];
    for (size_t i = 0; i < 2; i++) {
        pni_expr *expr = t_number(0);
        expr->literal->literal_type_case = LITERAL(NULL);
        expr->literal->null = t_i64();
        expr->literal->nullable = i == 1;
        plans[i] = keeping(expr);
    }
    same(plans[0], plans[1]);
    pni_expr *five = t_number(5);
    five->literal->nullable = true;
    differ(keeping(five), keeping(t_number(5)));
}

/* ---- types -------------------------------------------------------------------------------- */

static Substrait__Type *type(int kind, const ProtobufCMessageDescriptor *desc) {
    Substrait__Type *made = t_node(&substrait__type__descriptor);
    made->kind_case = (Substrait__Type__KindCase)kind;
    made->i64 = t_node(desc); /* one place for all */
    return made;
}

T_CASE(old_types_are_their_successors) {
    t_pool_used = 0;
    Substrait__Type *time =
        type(SUBSTRAIT__TYPE__KIND_PRECISION_TIME, &substrait__type__precision_time__descriptor);
    Substrait__Type *stamp = type(SUBSTRAIT__TYPE__KIND_PRECISION_TIMESTAMP,
                                  &substrait__type__precision_timestamp__descriptor);
    Substrait__Type *zoned = type(SUBSTRAIT__TYPE__KIND_PRECISION_TIMESTAMP_TZ,
                                  &substrait__type__precision_timestamp_tz__descriptor);
    time->precision_time->precision = 6;
    stamp->precision_timestamp->precision = 6;
    zoned->precision_timestamp_tz->precision = 6;
    same(reading(type(SUBSTRAIT__TYPE__KIND_TIME, &substrait__type__time__descriptor)),
         reading(time));
    same(reading(type(SUBSTRAIT__TYPE__KIND_TIMESTAMP, &substrait__type__timestamp__descriptor)),
         reading(stamp));
    same(reading(
             type(SUBSTRAIT__TYPE__KIND_TIMESTAMP_TZ, &substrait__type__timestamp_tz__descriptor)),
         reading(zoned));
    differ(reading(stamp), reading(zoned));
    Substrait__Type *varied =
        type(SUBSTRAIT__TYPE__KIND_TIMESTAMP, &substrait__type__timestamp__descriptor);
    varied->timestamp->type_variation_reference = 2;
    differ(reading(varied), reading(stamp));
}

T_CASE(an_interval_has_microseconds_unless_said_otherwise) {
    t_pool_used = 0;
    Substrait__Type *six =
        type(SUBSTRAIT__TYPE__KIND_INTERVAL_DAY, &substrait__type__interval_day__descriptor);
    Substrait__Type *unset =
        type(SUBSTRAIT__TYPE__KIND_INTERVAL_DAY, &substrait__type__interval_day__descriptor);
    Substrait__Type *zero =
        type(SUBSTRAIT__TYPE__KIND_INTERVAL_DAY, &substrait__type__interval_day__descriptor);
    six->interval_day->precision_oneof_case =
        SUBSTRAIT__TYPE__INTERVAL_DAY__PRECISION_ONEOF_PRECISION;
    six->interval_day->precision = 6;
    zero->interval_day->precision_oneof_case =
        SUBSTRAIT__TYPE__INTERVAL_DAY__PRECISION_ONEOF_PRECISION;
    same(reading(unset), reading(six));
    differ(reading(unset), reading(zero));
}

T_CASE(the_row_of_a_table_is_not_null) {
    t_pool_used = 0;
    Substrait__Plan *plan = reading(t_i64());
    plan->relations[0]->root->input->read->base_schema->struct_->nullability =
        SUBSTRAIT__TYPE__NULLABILITY__NULLABILITY_REQUIRED;
    same(plan, reading(t_i64()));
}
