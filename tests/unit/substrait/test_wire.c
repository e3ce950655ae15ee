/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in and out: limits, damage, depth on a small stack, agreement with protobuf-c. */
#include "plans.h"
#include "substrait/substrait_priv.h"

#include <pthread.h>

static pn_status decode_bytes(const char *bytes, size_t len, pn_error *err) {
    pn_substrait *plan = NULL;
    pn_status status =
        pn_substrait_decode((pn_bytes){(const uint8_t *)bytes, len}, NULL, &plan, err);
    pn_substrait_unref(plan);
    return status;
}

T_CASE(damage_is_named_with_its_place) {
    pn_error err = PN_ERROR_INIT;
    T_STATUS(decode_bytes("\x1a\xff\x01", 3, &err), PN_CORRUPT, &err);
    T_EQ_INT(err.number, PNI_E_SUBSTRAIT_BYTES);
    T_ASSERT(strstr(err.message, "byte 3"));
    T_STATUS(decode_bytes("\x1b", 1, &err), PN_CORRUPT, &err);
    T_STATUS(decode_bytes("\x00\x00", 2, &err), PN_CORRUPT, &err);
    T_STATUS(decode_bytes("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11, &err), PN_CORRUPT,
             &err);
}

T_CASE(a_text_must_be_utf8_without_nul) {
    pn_error err = PN_ERROR_INIT;
    T_STATUS(decode_bytes("\x2a\x02\xc3\x28", 4, &err), PN_CORRUPT, &err);
    T_STATUS(decode_bytes("\x2a\x02\x41\x00", 4, &err), PN_UNSUPPORTED, &err);
    T_EQ_INT(err.number, PNI_E_SUBSTRAIT_NUL);
}

T_CASE(unknown_fields_are_refused_and_removed_ones_skipped) {
    pn_error err = PN_ERROR_INIT;
    T_STATUS(decode_bytes("\xa2\x06\x00", 3, &err), PN_UNSUPPORTED, &err);
    T_EQ_INT(err.number, PNI_E_SUBSTRAIT_NEWER);
    T_ASSERT(strstr(err.message, "100"));
    T_STATUS(decode_bytes("\x0a\x00", 2, &err), PN_CORRUPT, &err); /* URIs; then: no relation */
    T_EQ_INT(err.number, PNI_E_SUBSTRAIT_SHAPE);
}

T_CASE(a_message_given_twice_is_refused) {
    pn_error err = PN_ERROR_INIT;
    T_STATUS(decode_bytes("\x32\x00\x32\x00", 4, &err), PN_CORRUPT, &err); /* version */
    T_ASSERT(strstr(err.message, "twice"));
    T_STATUS(decode_bytes("\x1a\x04\x0a\x00\x12\x00", 6, &err), PN_CORRUPT, &err); /* rel, root */
    T_ASSERT(strstr(err.message, "choice"));
}

T_CASE(empty_bytes_are_a_plan_without_relations) {
    pn_error err = PN_ERROR_INIT;
    T_STATUS(decode_bytes("", 0, &err), PN_CORRUPT, &err);
    T_EQ_INT(err.number, PNI_E_SUBSTRAIT_SHAPE);
}

static void beyond(pn_bytes bytes, const pn_substrait_options *options, const char *limit,
                   const char *value) {
    pn_error err = PN_ERROR_INIT;
    pn_substrait *plan = NULL;
    T_STATUS(pn_substrait_decode(bytes, options, &plan, &err), PN_LIMIT, &err);
    T_EQ_INT(err.number, PNI_E_SUBSTRAIT_LIMIT);
    T_ASSERT(!plan && strstr(err.message, limit) && strstr(err.message, value));
}

T_CASE(limits_name_themselves_their_value_and_the_place) {
    t_pool_used = 0;
    pn_error err = PN_ERROR_INIT;
    pn_substrait *plan = NULL;
    pn_bytes bytes = t_corpus("tpch_q01");
    pn_substrait_options options = PN_SUBSTRAIT_OPTIONS_INIT;
    options.max_bytes = 999;
    beyond(bytes, &options, "(max_bytes)", "999");
    options.max_bytes = 0;
    options.max_depth = 10;
    beyond(bytes, &options, "10 messages in each other (max_depth), at byte ", "in substrait.");
    options.max_depth = 0;
    options.max_nodes = 100;
    beyond(bytes, &options, "100 messages and list elements (max_nodes), at byte ",
           "in substrait.");
    options.max_nodes = 0;
    T_OK(pn_substrait_decode(bytes, &options, &plan, &err), &err);
    pn_substrait_unref(plan);
}

/* Each way to ask for memory is counted: `one` is repeated in front of an empty plan. */
static void counted(const char *one, size_t len, size_t per_item) {
    enum { ITEMS = 50 };
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    pn_substrait_options options = PN_SUBSTRAIT_OPTIONS_INIT;
    for (size_t i = 0; i < ITEMS; i++) {
        pni_buf_append(&bytes, one, len);
    }
    options.max_nodes = ITEMS * per_item; /* the plan is one message, too */
    beyond((pn_bytes){bytes.data, bytes.len}, &options, "max_nodes", "");
}

T_CASE(every_kind_of_list_is_counted) {
    counted("\x1a\x00", 2, 2);                 /* relations: an element and a message */
    counted("\x42\x00", 2, 2);                 /* extension URNs */
    counted("\x0a\x00", 2, 1);                 /* extension URIs, which were removed */
    counted("\x2a\x01x", 3, 1);                /* texts */
    counted("\x12\x04\x1a\x02\x08\x01", 6, 4); /* a declaration with a removed reference */
    /* emit mapping of a filter, packed and not: three numbers each */
    counted("\x1a\x0d\x0a\x0b\x12\x09\x0a\x07\x12\x05\x0a\x03\x01\x02\x03", 15, 9);
    counted("\x1a\x0e\x0a\x0c\x12\x0a\x0a\x08\x12\x06\x08\x01\x08\x02\x08\x03", 16, 9);
}

T_CASE(groups_are_refused) {
    pn_error err = PN_ERROR_INIT;
    T_STATUS(decode_bytes("\x1b\x1c", 2, &err), PN_CORRUPT, &err);
    T_ASSERT(strstr(err.message, "wire type"));
    T_STATUS(decode_bytes("\xa3\x06\xa4\x06", 4, &err), PN_CORRUPT, &err); /* of an unknown field */
}

T_CASE(the_encoder_agrees_with_protobuf_c) {
    t_pool_used = 0;
    const char *const names[] = {"tpch_q01", "tpch_q16", "tpch_q19", "window", "union", "constant"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        pn_bytes bytes = t_corpus(names[i]);
        PNI_AUTO(pn_buf) ours = PN_BUF_INIT;
        Substrait__Plan *plan = substrait__plan__unpack(NULL, bytes.len, bytes.data);
        T_ASSERT(plan);
        size_t size = substrait__plan__get_packed_size(plan);
        uint8_t *theirs = t_pool_take(size);
        substrait__plan__pack(plan, theirs);
        pni_pb_encode(&plan->base, &ours);
        substrait__plan__free_unpacked(plan, NULL);
        T_EQ_UINT(ours.len, size);
        T_EQ_MEM(ours.data, theirs, size);
    }
}

/* not(not(… $0 = 1 …)), three messages per level. */
static pn_bytes deep_plan(size_t levels, pn_buf *bytes) {
    t_pool_used = 0;
    pni_expr *condition = t_call(7, t_field(0), t_number(1));
    for (size_t i = 0; i < levels; i++) {
        pni_expr *outer = t_node(&substrait__expression__descriptor);
        Substrait__FunctionArgument **arguments = t_pool_take(sizeof *arguments);
        outer->rex_type_case = SUBSTRAIT__EXPRESSION__REX_TYPE_SCALAR_FUNCTION;
        outer->scalar_function = t_node(&substrait__expression__scalar_function__descriptor);
        outer->scalar_function->function_reference = 9;
        outer->scalar_function->arguments = arguments;
        outer->scalar_function->n_arguments = 1;
        arguments[0] = t_argument(condition);
        condition = outer;
    }
    Substrait__Plan *plan = t_plan(t_filter(t_read("t", "a b"), condition), "a b");
    t_declare(plan, 7, "equal");
    t_declare(plan, 9, "not");
    pni_pb_encode(&plan->base, bytes);
    return (pn_bytes){bytes->data, bytes->len};
}

static void *decode_deep(void *arg) {
    pn_error *err = arg;
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO_PTR(pn_substrait) plan = NULL;
    pn_status status = pn_substrait_decode(deep_plan(7990, &bytes), NULL, &plan, err);
    if (status == PN_OK) {
        status = pn_substrait_text(plan, &text, err);
    }
    return (void *)(intptr_t)status;
}

T_CASE(eight_thousand_levels_need_little_stack) {
    pn_error err = PN_ERROR_INIT;
    pthread_t thread;
    pthread_attr_t attr;
    void *status = NULL;
    T_EQ_INT(pthread_attr_init(&attr), 0);
    T_EQ_INT(pthread_attr_setstacksize(&attr, 256 * 1024), 0);
    T_EQ_INT(pthread_create(&thread, &attr, decode_deep, &err), 0);
    T_EQ_INT(pthread_join(thread, &status), 0);
    pthread_attr_destroy(&attr);
    T_STATUS((intptr_t)status, PN_OK, &err);
}

T_CASE(deeper_than_the_limit_is_refused) {
    pn_error err = PN_ERROR_INIT;
    pn_substrait *plan = NULL;
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    T_STATUS(pn_substrait_decode(deep_plan(8010, &bytes), NULL, &plan, &err), PN_LIMIT, &err);
    T_ASSERT(strstr(err.message, "24000"));
}
