/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions as text, for people: SQL-like, deterministic, cut at a stated length, not meant to be
 * parsed. A stack of pieces replaces recursion: a piece is a fixed text or a message; taking a
 * message off writes it when it is a leaf, else puts the pieces it consists of in its place. The
 * stack is abandoned when the text is long enough, so the cost is bounded by the cut, not the plan.
 */
#include "substrait/substrait_priv.h"

#include <inttypes.h>

typedef struct infix {
    const char *function;
    const char *symbol;
} infix;

void pni_put_text(pni_writer *w, const char *text) {
    pni_piece p = {.text = text};
    pni_vec_push(&w->stack, p);
}

void pni_put(pni_writer *w, const void *msg) {
    pni_piece p = {.msg = msg};
    pni_vec_push(&w->stack, p);
}

void pni_put_scalar(pni_writer *w, const ProtobufCMessage *msg,
                    const ProtobufCFieldDescriptor *field, size_t index) {
    pni_piece p = {.msg = msg, .field = field, .index = index};
    pni_vec_push(&w->stack, p);
}

static void put_operand(pni_writer *w, const void *msg) {
    pni_piece p = {.msg = msg, .nested = true};
    pni_vec_push(&w->stack, p);
}

/* `items` is an array of message pointers of any kind. */
void pni_put_list(pni_writer *w, const void *items, size_t count) {
    const void *const *list = items;
    for (size_t i = 0; i < count; i++) {
        if (i) {
            pni_put_text(w, ", ");
        }
        pni_put(w, list[i]);
    }
}

/* ---- references --------------------------------------------------------------------------- */

static void put_segment(pni_writer *w, const Substrait__Expression__ReferenceSegment *segment) {
    if (segment) {
        pni_put(w, segment);
    }
}

static void take_segment(pni_writer *w, const Substrait__Expression__ReferenceSegment *segment) {
    switch ((int)segment->reference_type_case) {
    case SUBSTRAIT__EXPRESSION__REFERENCE_SEGMENT__REFERENCE_TYPE_STRUCT_FIELD:
        pni_buf_printf(w->out, ".#%d", segment->struct_field->field);
        put_segment(w, segment->struct_field->child);
        return;
    case SUBSTRAIT__EXPRESSION__REFERENCE_SEGMENT__REFERENCE_TYPE_LIST_ELEMENT:
        pni_buf_printf(w->out, "[%d]", segment->list_element->offset);
        put_segment(w, segment->list_element->child);
        return;
    case SUBSTRAIT__EXPRESSION__REFERENCE_SEGMENT__REFERENCE_TYPE_MAP_KEY:
        pni_put_text(w, "[");
        pni_put(w, segment->map_key->map_key);
        pni_put_text(w, "]");
        put_segment(w, segment->map_key->child);
        return;
    case SUBSTRAIT__EXPRESSION__REFERENCE_SEGMENT__REFERENCE_TYPE__NOT_SET:
    default:
        pni_put_text(w, ".?");
        return;
    }
}

static void write_column(pni_writer *w, const Substrait__Expression__FieldReference *r,
                         int32_t field) {
    switch ((int)r->root_type_case) {
    case SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE_OUTER_REFERENCE:
        w->namer(w->ctx, r->outer_reference->steps_out, field, w->out);
        return;
    case SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE_LAMBDA_PARAMETER_REFERENCE:
        pni_buf_printf(w->out, "p%u_%d", r->lambda_parameter_reference->steps_out, field);
        return;
    case SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE_EXPRESSION:
        pni_buf_printf(w->out, ".#%d", field);
        return;
    case SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE_ROOT_REFERENCE:
    case SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE__NOT_SET:
    default:
        w->namer(w->ctx, 0, field, w->out);
        return;
    }
}

static void take_reference(pni_writer *w, const Substrait__Expression__FieldReference *r) {
    bool rooted = r->root_type_case == SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__ROOT_TYPE_EXPRESSION;
    if (r->reference_type_case ==
        SUBSTRAIT__EXPRESSION__FIELD_REFERENCE__REFERENCE_TYPE_DIRECT_REFERENCE) {
        const Substrait__Expression__ReferenceSegment *direct = r->direct_reference;
        if (rooted) {
            pni_put(w, r->expression);
            put_segment(w, direct);
        } else if (direct->reference_type_case ==
                   SUBSTRAIT__EXPRESSION__REFERENCE_SEGMENT__REFERENCE_TYPE_STRUCT_FIELD) {
            write_column(w, r, direct->struct_field->field);
            put_segment(w, direct->struct_field->child);
        } else {
            pni_put_text(w, "row");
            put_segment(w, direct);
        }
        return;
    }
    pni_put_text(w, "mask(");
    if (rooted) {
        pni_put(w, r->expression);
    }
    pni_put_text(w, ")");
}

/* ---- functions ---------------------------------------------------------------------------- */

static const char *infix_of(const char *function) {
    static const infix known[] = {
        {"add", " + "},
        {"subtract", " - "},
        {"multiply", " * "},
        {"divide", " / "},
        {"modulus", " % "},
        {"mod", " % "},
        {"equal", " = "},
        {"not_equal", " <> "},
        {"lt", " < "},
        {"lte", " <= "},
        {"gt", " > "},
        {"gte", " >= "},
        {"and", " and "},
        {"or", " or "},
        {"like", " like "},
        {"ilike", " ilike "},
        {"concat", " || "},
        {"is_not_distinct_from", " is not distinct from "},
        {"is_distinct_from", " is distinct from "},
    };
    const char *signature = strchr(function, ':');
    size_t len = signature ? (size_t)(signature - function) : strlen(function);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strlen(known[i].function) == len && memcmp(known[i].function, function, len) == 0) {
            return known[i].symbol;
        }
    }
    return NULL;
}

static void put_call(pni_writer *w, uint32_t reference, const char *prefix,
                     Substrait__FunctionArgument **arguments, size_t count) {
    pni_put_text(w, pni_substrait_function(w->plan, reference));
    pni_put_text(w, "(");
    pni_put_text(w, prefix);
    pni_put_list(w, arguments, count);
    pni_put_text(w, ")");
}

static void put_options(pni_writer *w, Substrait__FunctionOption **options, size_t count) {
    for (size_t i = 0; i < count; i++) {
        pni_put_text(w, " ");
        pni_put_text(w, options[i]->name);
        for (size_t k = 0; k < options[i]->n_preference; k++) {
            pni_put_text(w, k ? "|" : "=");
            pni_put_text(w, options[i]->preference[k]);
        }
    }
}

/* like and its kin carry an escape character, null when there is none. */
static bool is_typed_null(const Substrait__FunctionArgument *argument) {
    const pni_expr *expr = argument->arg_type_case == SUBSTRAIT__FUNCTION_ARGUMENT__ARG_TYPE_VALUE
                               ? argument->value
                               : NULL;
    return expr && expr->rex_type_case == SUBSTRAIT__EXPRESSION__REX_TYPE_LITERAL &&
           expr->literal->literal_type_case == SUBSTRAIT__EXPRESSION__LITERAL__LITERAL_TYPE_NULL;
}

/* Number of operands when the function is written as an operator between them, else 0. */
static size_t operand_count(const pn_substrait *plan,
                            const Substrait__Expression__ScalarFunction *f) {
    const char *name = pni_substrait_function(plan, f->function_reference);
    size_t n = f->n_arguments;
    if (!infix_of(name) || n < 2) {
        return 0;
    }
    if (n == 2 || pni_streq(name, "and") || pni_streq(name, "or")) {
        return n;
    }
    return n == 3 && is_typed_null(f->arguments[2]) ? 2 : 0;
}

bool pni_expr_is_infix(const pn_substrait *plan, const ProtobufCMessage *expr) {
    const pni_expr *e = (const void *)expr;
    return expr && expr->descriptor == &substrait__expression__descriptor &&
           e->rex_type_case == SUBSTRAIT__EXPRESSION__REX_TYPE_SCALAR_FUNCTION &&
           operand_count(plan, e->scalar_function) > 0;
}

static void take_scalar(pni_writer *w, const Substrait__Expression__ScalarFunction *f,
                        bool nested) {
    const char *symbol = infix_of(pni_substrait_function(w->plan, f->function_reference));
    size_t operands = operand_count(w->plan, f);
    if (operands == 0) {
        put_call(w, f->function_reference, "", f->arguments, f->n_arguments);
        put_options(w, f->options, f->n_options);
        return;
    }
    pni_put_text(w, nested ? "(" : "");
    for (size_t i = 0; i < operands; i++) {
        pni_put_text(w, i ? symbol : "");
        put_operand(w, f->arguments[i]);
    }
    put_options(w, f->options, f->n_options);
    pni_put_text(w, nested ? ")" : "");
}

static void take_argument(pni_writer *w, const Substrait__FunctionArgument *argument, bool nested) {
    switch ((int)argument->arg_type_case) {
    case SUBSTRAIT__FUNCTION_ARGUMENT__ARG_TYPE_VALUE:
        (nested ? put_operand : pni_put)(w, argument->value);
        return;
    case SUBSTRAIT__FUNCTION_ARGUMENT__ARG_TYPE_TYPE:
        pni_put(w, argument->type);
        return;
    case SUBSTRAIT__FUNCTION_ARGUMENT__ARG_TYPE_ENUM:
        pni_put_text(w, argument->enum_);
        return;
    case SUBSTRAIT__FUNCTION_ARGUMENT__ARG_TYPE__NOT_SET:
    default:
        pni_put_text(w, "?");
        return;
    }
}

static void take_sort(pni_writer *w, const Substrait__SortField *sort) {
    static const char *const directions[] = {
        "",          " asc nulls first", " asc nulls last", " desc nulls first", " desc nulls last",
        " clustered"};
    pni_put(w, sort->expr);
    if (sort->sort_kind_case == SUBSTRAIT__SORT_FIELD__SORT_KIND_DIRECTION &&
        (unsigned)sort->direction < sizeof directions / sizeof *directions) {
        pni_put_text(w, directions[sort->direction]);
    } else if (sort->sort_kind_case ==
               SUBSTRAIT__SORT_FIELD__SORT_KIND_COMPARISON_FUNCTION_REFERENCE) {
        pni_put_text(w, " using ");
        pni_put_text(w, pni_substrait_function(w->plan, sort->comparison_function_reference));
    }
}

static void take_bound(pni_writer *w, const Substrait__Expression__WindowFunction__Bound *bound) {
    switch ((int)bound->kind_case) {
    case SUBSTRAIT__EXPRESSION__WINDOW_FUNCTION__BOUND__KIND_PRECEDING:
        pni_buf_printf(w->out, "%" PRId64 " preceding", bound->preceding->offset);
        return;
    case SUBSTRAIT__EXPRESSION__WINDOW_FUNCTION__BOUND__KIND_FOLLOWING:
        pni_buf_printf(w->out, "%" PRId64 " following", bound->following->offset);
        return;
    case SUBSTRAIT__EXPRESSION__WINDOW_FUNCTION__BOUND__KIND_CURRENT_ROW:
        pni_put_text(w, "current row");
        return;
    case SUBSTRAIT__EXPRESSION__WINDOW_FUNCTION__BOUND__KIND_UNBOUNDED:
    case SUBSTRAIT__EXPRESSION__WINDOW_FUNCTION__BOUND__KIND__NOT_SET:
    default:
        pni_put_text(w, "unbounded");
        return;
    }
}

static void take_window(pni_writer *w, const Substrait__Expression__WindowFunction *f) {
    bool distinct = f->invocation == PNI_INVOCATION(DISTINCT);
    put_call(w, f->function_reference, distinct ? "distinct " : "", f->arguments, f->n_arguments);
    put_options(w, f->options, f->n_options);
    pni_put_text(w, " over (");
    pni_put_text(w, f->n_partitions ? "partition by " : "");
    pni_put_list(w, f->partitions, f->n_partitions);
    pni_put_text(w, f->n_partitions && f->n_sorts ? " " : "");
    pni_put_text(w, f->n_sorts ? "order by " : "");
    pni_put_list(w, f->sorts, f->n_sorts);
    if (f->lower_bound && f->upper_bound) {
        bool rows =
            f->bounds_type == SUBSTRAIT__EXPRESSION__WINDOW_FUNCTION__BOUNDS_TYPE__BOUNDS_TYPE_ROWS;
        pni_put_text(w, rows ? " rows " : " range ");
        pni_put(w, f->lower_bound);
        pni_put_text(w, " to ");
        pni_put(w, f->upper_bound);
    }
    pni_put_text(w, ")");
}

static void take_aggregate(pni_writer *w, const Substrait__AggregateFunction *f) {
    bool distinct = f->invocation == PNI_INVOCATION(DISTINCT);
    put_call(w, f->function_reference, distinct ? "distinct " : "", f->arguments, f->n_arguments);
    put_options(w, f->options, f->n_options);
    if (f->n_sorts) {
        pni_put_text(w, " within (order by ");
        pni_put_list(w, f->sorts, f->n_sorts);
        pni_put_text(w, ")");
    }
}

static void take_measure(pni_writer *w, const Substrait__AggregateRel__Measure *measure) {
    pni_put(w, measure->measure);
    if (measure->filter) {
        pni_put_text(w, " filter (where ");
        pni_put(w, measure->filter);
        pni_put_text(w, ")");
    }
}

/* ---- the other expressions ---------------------------------------------------------------- */

static void take_if(pni_writer *w, const Substrait__Expression__IfThen *f) {
    pni_put_text(w, "case");
    for (size_t i = 0; i < f->n_ifs; i++) {
        pni_put_text(w, " when ");
        pni_put(w, f->ifs[i]->if_);
        pni_put_text(w, " then ");
        pni_put(w, f->ifs[i]->then);
    }
    if (f->else_) {
        pni_put_text(w, " else ");
        pni_put(w, f->else_);
    }
    pni_put_text(w, " end");
}

static void take_switch(pni_writer *w, const Substrait__Expression__SwitchExpression *f) {
    pni_put_text(w, "case ");
    pni_put(w, f->match);
    for (size_t i = 0; i < f->n_ifs; i++) {
        pni_put_text(w, " when ");
        pni_put(w, f->ifs[i]->if_);
        pni_put_text(w, " then ");
        pni_put(w, f->ifs[i]->then);
    }
    if (f->else_) {
        pni_put_text(w, " else ");
        pni_put(w, f->else_);
    }
    pni_put_text(w, " end");
}

static void take_or_lists(pni_writer *w, const pni_expr *expr) {
    if (expr->rex_type_case == SUBSTRAIT__EXPRESSION__REX_TYPE_SINGULAR_OR_LIST) {
        put_operand(w, expr->singular_or_list->value);
        pni_put_text(w, " in (");
        pni_put_list(w, expr->singular_or_list->options, expr->singular_or_list->n_options);
        pni_put_text(w, ")");
        return;
    }
    const Substrait__Expression__MultiOrList *list = expr->multi_or_list;
    pni_put_text(w, "(");
    pni_put_list(w, list->value, list->n_value);
    pni_put_text(w, ") in (");
    for (size_t i = 0; i < list->n_options; i++) {
        pni_put_text(w, i ? ", (" : "(");
        pni_put_list(w, list->options[i]->fields, list->options[i]->n_fields);
        pni_put_text(w, ")");
    }
    pni_put_text(w, ")");
}

static void take_subquery(pni_writer *w, const Substrait__Expression__Subquery *s) {
    static const char *const operators[] = {" ? ", " = ", " <> ", " < ", " > ", " <= ", " >= "};
    switch ((int)s->subquery_type_case) {
    case PNI_SUBQUERY(SUBQUERY_TYPE_IN_PREDICATE):
        pni_put_list(w, s->in_predicate->needles, s->in_predicate->n_needles);
        pni_put_text(w, " in (subquery)");
        return;
    case PNI_SUBQUERY(SUBQUERY_TYPE_SET_PREDICATE):
        pni_put_text(w, s->set_predicate->predicate_op ==
                                PNI_SUBQUERY(SET_PREDICATE__PREDICATE_OP__PREDICATE_OP_UNIQUE)
                            ? "unique (subquery)"
                            : "exists (subquery)");
        return;
    case PNI_SUBQUERY(SUBQUERY_TYPE_SET_COMPARISON):
        put_operand(w, s->set_comparison->left);
        if ((unsigned)s->set_comparison->comparison_op < sizeof operators / sizeof *operators) {
            pni_put_text(w, operators[s->set_comparison->comparison_op]);
        }
        pni_put_text(w, s->set_comparison->reduction_op ==
                                PNI_SUBQUERY(SET_COMPARISON__REDUCTION_OP__REDUCTION_OP_ALL)
                            ? "all (subquery)"
                            : "any (subquery)");
        return;
    case PNI_SUBQUERY(SUBQUERY_TYPE_SCALAR):
    case PNI_SUBQUERY(SUBQUERY_TYPE__NOT_SET):
    default:
        pni_put_text(w, "(subquery)");
        return;
    }
}

static void take_nested(pni_writer *w, const Substrait__Expression__Nested *nested) {
    switch ((int)nested->nested_type_case) {
    case SUBSTRAIT__EXPRESSION__NESTED__NESTED_TYPE_STRUCT:
        pni_put_text(w, "struct(");
        pni_put_list(w, nested->struct_->fields, nested->struct_->n_fields);
        pni_put_text(w, ")");
        return;
    case SUBSTRAIT__EXPRESSION__NESTED__NESTED_TYPE_LIST:
        pni_put_text(w, "[");
        pni_put_list(w, nested->list->values, nested->list->n_values);
        pni_put_text(w, "]");
        return;
    case SUBSTRAIT__EXPRESSION__NESTED__NESTED_TYPE_MAP:
        pni_put_text(w, "map(");
        for (size_t i = 0; i < nested->map->n_key_values; i++) {
            pni_put_text(w, i ? ", " : "");
            pni_put(w, nested->map->key_values[i]->key);
            pni_put_text(w, ": ");
            pni_put(w, nested->map->key_values[i]->value);
        }
        pni_put_text(w, ")");
        return;
    case SUBSTRAIT__EXPRESSION__NESTED__NESTED_TYPE__NOT_SET:
    default:
        pni_put_text(w, "?");
        return;
    }
}

static void take_cast(pni_writer *w, const Substrait__Expression__Cast *cast) {
    bool null_on_failure =
        cast->failure_behavior ==
        SUBSTRAIT__EXPRESSION__CAST__FAILURE_BEHAVIOR__FAILURE_BEHAVIOR_RETURN_NULL;
    pni_put_text(w, null_on_failure ? "try_cast(" : "cast(");
    pni_put(w, cast->input);
    pni_put_text(w, " as ");
    pni_put(w, cast->type);
    pni_put_text(w, ")");
}

static void take_lambda(pni_writer *w, const Substrait__Expression__Lambda *lambda) {
    pni_put_text(w, "lambda(");
    if (lambda->parameters) {
        pni_put_list(w, lambda->parameters->types, lambda->parameters->n_types);
    }
    pni_put_text(w, " -> ");
    pni_put(w, lambda->body);
    pni_put_text(w, ")");
}

static void take_expression(pni_writer *w, const pni_expr *expr, bool nested) {
    switch ((int)expr->rex_type_case) {
    case SUBSTRAIT__EXPRESSION__REX_TYPE_LITERAL:
        pni_take_literal(w, expr->literal);
        return;
    case SUBSTRAIT__EXPRESSION__REX_TYPE_SELECTION:
        take_reference(w, expr->selection);
        return;
    case SUBSTRAIT__EXPRESSION__REX_TYPE_SCALAR_FUNCTION:
        take_scalar(w, expr->scalar_function, nested);
        return;
    case SUBSTRAIT__EXPRESSION__REX_TYPE_WINDOW_FUNCTION:
        take_window(w, expr->window_function);
        return;
    case SUBSTRAIT__EXPRESSION__REX_TYPE_IF_THEN:
        take_if(w, expr->if_then);
        return;
    case SUBSTRAIT__EXPRESSION__REX_TYPE_SWITCH_EXPRESSION:
        take_switch(w, expr->switch_expression);
        return;
    case SUBSTRAIT__EXPRESSION__REX_TYPE_SINGULAR_OR_LIST:
    case SUBSTRAIT__EXPRESSION__REX_TYPE_MULTI_OR_LIST:
        take_or_lists(w, expr);
        return;
    case SUBSTRAIT__EXPRESSION__REX_TYPE_CAST:
        take_cast(w, expr->cast);
        return;
    case SUBSTRAIT__EXPRESSION__REX_TYPE_SUBQUERY:
        take_subquery(w, expr->subquery);
        return;
    case SUBSTRAIT__EXPRESSION__REX_TYPE_NESTED:
        take_nested(w, expr->nested);
        return;
    case SUBSTRAIT__EXPRESSION__REX_TYPE_DYNAMIC_PARAMETER:
        pni_buf_printf(w->out, "parameter(%u)", expr->dynamic_parameter->parameter_reference);
        return;
    case SUBSTRAIT__EXPRESSION__REX_TYPE_LAMBDA:
        take_lambda(w, expr->lambda);
        return;
    case SUBSTRAIT__EXPRESSION__REX_TYPE_LAMBDA_INVOCATION:
    case SUBSTRAIT__EXPRESSION__REX_TYPE_ENUM:
    case SUBSTRAIT__EXPRESSION__REX_TYPE__NOT_SET:
    default:
        pni_take_generic(w, &expr->base);
        return;
    }
}

static void take(pni_writer *w, const pni_piece *p) {
    const ProtobufCMessageDescriptor *desc = p->msg->descriptor;
    const void *msg = p->msg;
    if (desc == &substrait__expression__descriptor) {
        take_expression(w, msg, p->nested);
    } else if (desc == &substrait__function_argument__descriptor) {
        take_argument(w, msg, p->nested);
    } else if (desc == &substrait__expression__literal__descriptor) {
        pni_take_literal(w, msg);
    } else if (desc == &substrait__type__descriptor) {
        pni_take_type(w, msg);
    } else if (desc == &substrait__sort_field__descriptor) {
        take_sort(w, msg);
    } else if (desc == &substrait__expression__field_reference__descriptor) {
        take_reference(w, msg);
    } else if (desc == &substrait__expression__reference_segment__descriptor) {
        take_segment(w, msg);
    } else if (desc == &substrait__aggregate_function__descriptor) {
        take_aggregate(w, msg);
    } else if (desc == &substrait__aggregate_rel__measure__descriptor) {
        take_measure(w, msg);
    } else if (desc == &substrait__expression__window_function__bound__descriptor) {
        take_bound(w, msg);
    } else {
        pni_take_generic(w, p->msg);
    }
}

static void reverse(pni_piece *pieces, size_t count) {
    for (size_t i = 0; i < count / 2; i++) {
        pni_piece swap = pieces[i];
        pieces[i] = pieces[count - 1 - i];
        pieces[count - 1 - i] = swap;
    }
}

void pni_expr_text(const pn_substrait *plan, const ProtobufCMessage *expr, pni_column_namer namer,
                   void *ctx, size_t max, pn_buf *out) {
    size_t start = out->len;
    pni_writer w = {.plan = plan, .namer = namer, .ctx = ctx, .out = out, .limit = start + max};
    pni_put(&w, expr);
    while (w.stack.count > 0 && out->len <= w.limit) {
        pni_piece top = w.stack.items[--w.stack.count];
        size_t kept = w.stack.count;
        if (top.text) {
            pni_buf_puts(out, top.text);
        } else if (top.field) {
            pni_scalar_text(plan, top.msg, top.field, top.index, out);
        } else if (top.msg) {
            take(&w, &top);
            reverse(w.stack.items + kept, w.stack.count - kept);
        } else {
            pni_buf_puts(out, "?");
        }
    }
    if (out->len > w.limit) {
        out->len = start + pni_utf8_cut((const char *)out->data + start, out->len - start, max);
        pni_buf_puts(out, "…");
    }
    pni_vec_dispose(&w.stack);
}
