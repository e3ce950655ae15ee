/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Canonical expressions and types: deprecated fields become their successors, and what Substrait
 * says is the default is written one way. Types are converted only where the old form has no
 * variation: what a variation of a deprecated type means is between producer and reader.
 */
#include "substrait/canon.h"

#include <stdlib.h>

enum { MICROSECONDS = 6 }; /* digits behind the point */

#define LITERAL(kind) SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_##kind

static pn_status ambiguous(const char *what, const char *one, const char *other, pn_error *err) {
    return pni_fail(err, PNI_E_SUBSTRAIT_AMBIGUOUS, "%s is given by %s and by %s", what, one,
                    other);
}

/* ---- functions ---------------------------------------------------------------------------- */

typedef struct old_arguments {
    pni_expr **items;
    size_t count;
    size_t n_new;
} old_arguments;

/* Expressions are the deprecated form of arguments; an enum among them was an expression, too. */
static pn_status canon_arguments(pni_arena *arena, const old_arguments *old,
                                 Substrait__FunctionArgument ***arguments_out, pn_error *err) {
    if (old->n_new > 0) {
        return ambiguous("the call of a function", "args", "arguments", err);
    }
    Substrait__FunctionArgument **made = pni_arena_alloc(arena, old->count * sizeof(void *));
    for (size_t i = 0; i < old->count; i++) {
        pni_expr *value = old->items[i];
        made[i] = pni_pb_new(arena, &substrait__function_argument__descriptor);
        if (value->rex_type_case == SUBSTRAIT__EXPRESSION__REX_TYPE_ENUM &&
            value->enum_->enum_kind_case == SUBSTRAIT__EXPRESSION__ENUM__ENUM_KIND_SPECIFIED) {
            made[i]->arg_type_case = SUBSTRAIT__FUNCTION_ARGUMENT__ARG_TYPE_ENUM;
            made[i]->enum_ = value->enum_->specified;
        } else {
            made[i]->arg_type_case = SUBSTRAIT__FUNCTION_ARGUMENT__ARG_TYPE_VALUE;
            made[i]->value = value;
        }
    }
    *arguments_out = made;
    return PN_OK;
}

static int cmp_options(const void *a, const void *b) {
    return strcmp((*(Substrait__FunctionOption *const *)a)->name,
                  (*(Substrait__FunctionOption *const *)b)->name);
}

/* Each option is set once, so their order means nothing. */
static pn_status sort_options(Substrait__FunctionOption **options, size_t count, pn_error *err) {
    if (count > 1) {
        qsort(options, count, sizeof *options, cmp_options);
    }
    for (size_t i = 1; i < count; i++) {
        if (cmp_options(&options[i - 1], &options[i]) == 0) {
            char shown[72];
            return pni_fail(err, PNI_E_SUBSTRAIT_AMBIGUOUS,
                            "option '%s' of a function is set twice",
                            pni_name_short(options[i]->name, shown));
        }
    }
    return PN_OK;
}

#define CANON_CALL(call)                                                                           \
    do {                                                                                           \
        const old_arguments old = {(call)->args, (call)->n_args, (call)->n_arguments};             \
        if (old.count > 0) {                                                                       \
            PNI_TRY(canon_arguments(arena, &old, &(call)->arguments, err));                        \
            (call)->n_arguments = old.count;                                                       \
            (call)->n_args = 0;                                                                    \
            (call)->args = NULL;                                                                   \
        }                                                                                          \
        PNI_TRY(sort_options((call)->options, (call)->n_options, err));                            \
    } while (0)

static void canon_invocation(Substrait__AggregateFunction__AggregationInvocation *invocation) {
    if (*invocation == PNI_INVOCATION(ALL)) {
        *invocation = PNI_INVOCATION(UNSPECIFIED);
    }
}

/* A bound that is not given is the start or the end of the partition. */
static void canon_bound(pni_arena *arena, Substrait__Expression__WindowFunction__Bound **bound) {
    if (*bound) {
        return;
    }
    *bound = pni_pb_new(arena, &substrait__expression__window_function__bound__descriptor);
    (*bound)->kind_case = SUBSTRAIT__EXPRESSION__WINDOW_FUNCTION__BOUND__KIND_UNBOUNDED;
    (*bound)->unbounded =
        pni_pb_new(arena, &substrait__expression__window_function__bound__unbounded__descriptor);
}

PNI_CANON_RULE(scalar) {
    Substrait__Expression__ScalarFunction *call = (void *)msg;
    CANON_CALL(call);
    return PN_OK;
}

PNI_CANON_RULE(measure) {
    Substrait__AggregateFunction *call = (void *)msg;
    CANON_CALL(call);
    canon_invocation(&call->invocation);
    return PN_OK;
}

PNI_CANON_RULE(window) {
    Substrait__Expression__WindowFunction *call = (void *)msg;
    CANON_CALL(call);
    canon_invocation(&call->invocation);
    canon_bound(arena, &call->lower_bound);
    canon_bound(arena, &call->upper_bound);
    return PN_OK;
}

PNI_CANON_RULE(window_rel) {
    Substrait__ConsistentPartitionWindowRel__WindowRelFunction *call = (void *)msg;
    PNI_TRY(sort_options(call->options, call->n_options, err));
    canon_invocation(&call->invocation);
    canon_bound(arena, &call->lower_bound);
    canon_bound(arena, &call->upper_bound);
    return PN_OK;
}

/* ---- references --------------------------------------------------------------------------- */

PNI_CANON_RULE(reference) {
    Substrait__Expression__FieldReference *reference = (void *)msg;
    (void)err;
    if (reference->root_type_case == SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE__NOT_SET) {
        reference->root_type_case =
            SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE_ROOT_REFERENCE;
        reference->root_reference =
            pni_pb_new(arena, &substrait__expression__field_reference__root_reference__descriptor);
    }
    return PN_OK;
}

PNI_CANON_RULE(expression) {
    const pni_expr *expr = (void *)msg;
    (void)arena;
    if (expr->rex_type_case == SUBSTRAIT__EXPRESSION__REX_TYPE__NOT_SET) {
        return pni_fail(err, PNI_E_SUBSTRAIT_SHAPE, "an expression of the Substrait plan is empty");
    }
    return PN_OK;
}

/* ---- literals ----------------------------------------------------------------------------- */

static Substrait__Expression__Literal__PrecisionTimestamp *microseconds(pni_arena *arena,
                                                                        int64_t value) {
    Substrait__Expression__Literal__PrecisionTimestamp *made =
        pni_pb_new(arena, &substrait__expression__literal__precision_timestamp__descriptor);
    made->precision = MICROSECONDS;
    made->value = value;
    return made;
}

static pn_status canon_interval(Substrait__Expression__Literal__IntervalDayToSecond *interval,
                                pn_error *err) {
    switch ((int)interval->precision_mode_case) {
    case SUBSTRAIT__EXPRESSION__LITERAL__INTERVAL_DAY_TO_SECOND__PRECISION_MODE_PRECISION:
        return PN_OK;
    case SUBSTRAIT__EXPRESSION__LITERAL__INTERVAL_DAY_TO_SECOND__PRECISION_MODE_MICROSECONDS:
        if (interval->subseconds != 0) {
            return ambiguous("part of a second", "microseconds", "subseconds", err);
        }
        interval->subseconds = interval->microseconds;
        break;
    default: /* before there was a choice, zero microseconds were not written */
        if (interval->subseconds != 0) {
            return pni_fail(err, PNI_E_SUBSTRAIT_SHAPE,
                            "an interval has subseconds without their precision");
        }
        break;
    }
    interval->precision_mode_case =
        SUBSTRAIT__EXPRESSION__LITERAL__INTERVAL_DAY_TO_SECOND__PRECISION_MODE_PRECISION;
    interval->precision = MICROSECONDS;
    return PN_OK;
}

PNI_CANON_RULE(literal) {
    Substrait__Expression__Literal *l = (void *)msg;
    bool plain = l->type_variation_reference == 0;
    int64_t value;
    switch ((int)l->literal_type_case) {
    case LITERAL(TIMESTAMP):
    case LITERAL(TIMESTAMP_TZ):
        if (plain) {
            bool zoned = l->literal_type_case == LITERAL(TIMESTAMP_TZ);
            value = zoned ? l->timestamp_tz : l->timestamp;
            l->literal_type_case =
                zoned ? LITERAL(PRECISION_TIMESTAMP_TZ) : LITERAL(PRECISION_TIMESTAMP);
            l->precision_timestamp = microseconds(arena, value); /* one place for both */
        }
        return PN_OK;
    case LITERAL(TIME):
        if (plain) {
            value = l->time;
            l->literal_type_case = LITERAL(PRECISION_TIME);
            l->precision_time =
                pni_pb_new(arena, &substrait__expression__literal__precision_time__descriptor);
            l->precision_time->precision = MICROSECONDS;
            l->precision_time->value = value;
        }
        return PN_OK;
    case LITERAL(INTERVAL_DAY_TO_SECOND):
        return canon_interval(l->interval_day_to_second, err);
    case LITERAL(INTERVAL_COMPOUND):
        return l->interval_compound->interval_day_to_second
                   ? canon_interval(l->interval_compound->interval_day_to_second, err)
                   : PN_OK;
    case LITERAL(NULL):
        l->nullable = true; /* whatever it says */
        return PN_OK;
    case LITERAL(_NOT_SET):
        return pni_fail(err, PNI_E_SUBSTRAIT_SHAPE, "a literal of the Substrait plan is empty");
    default:
        return PN_OK;
    }
}

/* ---- types -------------------------------------------------------------------------------- */

static void canon_timestamp(pni_arena *arena, Substrait__Type *type) {
    bool zoned = type->kind_case == SUBSTRAIT__TYPE__KIND_TIMESTAMP_TZ;
    Substrait__Type__Nullability nullability =
        zoned ? type->timestamp_tz->nullability : type->timestamp->nullability;
    if (zoned) {
        type->kind_case = SUBSTRAIT__TYPE__KIND_PRECISION_TIMESTAMP_TZ;
        type->precision_timestamp_tz =
            pni_pb_new(arena, &substrait__type__precision_timestamp_tz__descriptor);
        type->precision_timestamp_tz->precision = MICROSECONDS;
        type->precision_timestamp_tz->nullability = nullability;
    } else {
        type->kind_case = SUBSTRAIT__TYPE__KIND_PRECISION_TIMESTAMP;
        type->precision_timestamp =
            pni_pb_new(arena, &substrait__type__precision_timestamp__descriptor);
        type->precision_timestamp->precision = MICROSECONDS;
        type->precision_timestamp->nullability = nullability;
    }
}

static void canon_time(pni_arena *arena, Substrait__Type *type) {
    Substrait__Type__Nullability nullability = type->time->nullability;
    type->kind_case = SUBSTRAIT__TYPE__KIND_PRECISION_TIME;
    type->precision_time = pni_pb_new(arena, &substrait__type__precision_time__descriptor);
    type->precision_time->precision = MICROSECONDS;
    type->precision_time->nullability = nullability;
}

static void canon_user_defined(pni_arena *arena, Substrait__Type *type) {
    uint32_t reference = type->user_defined_type_reference;
    type->kind_case = SUBSTRAIT__TYPE__KIND_USER_DEFINED;
    type->user_defined = pni_pb_new(arena, &substrait__type__user_defined__descriptor);
    type->user_defined->type_reference = reference;
    type->user_defined->nullability = SUBSTRAIT__TYPE__NULLABILITY__NULLABILITY_REQUIRED;
}

PNI_CANON_RULE(type) {
    Substrait__Type *type = (void *)msg;
    (void)err;
    switch ((int)type->kind_case) {
    case SUBSTRAIT__TYPE__KIND_TIMESTAMP:
        if (type->timestamp->type_variation_reference == 0) {
            canon_timestamp(arena, type);
        }
        return PN_OK;
    case SUBSTRAIT__TYPE__KIND_TIMESTAMP_TZ:
        if (type->timestamp_tz->type_variation_reference == 0) {
            canon_timestamp(arena, type);
        }
        return PN_OK;
    case SUBSTRAIT__TYPE__KIND_TIME:
        if (type->time->type_variation_reference == 0) {
            canon_time(arena, type);
        }
        return PN_OK;
    case SUBSTRAIT__TYPE__KIND_USER_DEFINED_TYPE_REFERENCE:
        canon_user_defined(arena, type);
        return PN_OK;
    case SUBSTRAIT__TYPE__KIND_INTERVAL_DAY:
        if (type->interval_day->precision_oneof_case ==
            SUBSTRAIT__TYPE__INTERVAL_DAY__PRECISION_ONEOF__NOT_SET) {
            type->interval_day->precision_oneof_case =
                SUBSTRAIT__TYPE__INTERVAL_DAY__PRECISION_ONEOF_PRECISION;
            type->interval_day->precision = MICROSECONDS;
        }
        return PN_OK;
    default:
        return PN_OK;
    }
}

/* The row of a table is no value: it cannot be null. */
PNI_CANON_RULE(schema) {
    const Substrait__NamedStruct *schema = (void *)msg;
    (void)arena;
    (void)err;
    if (schema->struct_) {
        schema->struct_->nullability = SUBSTRAIT__TYPE__NULLABILITY__NULLABILITY_REQUIRED;
    }
    return PN_OK;
}
