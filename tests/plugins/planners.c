/* A pack of planners and a language, and wrong ones of each. `a @@ b` joins two texts, FROM
 * numbers_to(n) is a query, LANGUAGE shift makes functions that add the number in their body,
 * LANGUAGE adds functions that add their second argument, which the body is the default of. */
#include "pinion/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

PN_API const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap);

static const pn_host *the_host;

/* ---- operators ------------------------------------------------------------------------------- */

/* checksrc: allow parameters plan_operator of pinion/plugin.h has seven */
static int32_t meaning(void *ctx, const char *op, const struct ArrowSchema *left,
                       const struct ArrowSchema *right, pn_operator_plan *out, char *message,
                       size_t message_cap) {
    const char *mode = ctx;
    if (strcmp(op, "@@") != 0 || strcmp(left->format, right->format) != 0)
        return 0;
    if (strcmp(mode, "error") == 0) {
        snprintf(message, message_cap, "today is no day for '%s'", op);
        return 1;
    }
    out->function = strcmp(mode, "unknown") == 0 ? "nobody_has_this" : "concat";
    out->swap = 1;
    return 0;
}

#define OPERATORS(text, mode)                                                                      \
    {                                                                                              \
        .struct_size = sizeof(pn_expr_planner), .name = text, .body_version = "1",                 \
        .ctx = (void *)(uintptr_t)mode, .plan_operator = meaning                                   \
    }

static const pn_expr_planner operators[] = {OPERATORS("joins_texts", "right"),
                                            OPERATORS("refuses_operators", "error"),
                                            OPERATORS("names_nobody", "unknown")};

/* ---- relations ------------------------------------------------------------------------------- */

enum { DEEP = 400000 }; /* levels: each takes some hundred bytes of stack */

static int32_t stands_for(void *ctx, const char *relation, char **sql_out, char *message,
                          size_t message_cap) {
    const char *mode = ctx;
    char sql[128];
    int n = 0;
    if (strcmp(mode, "error") == 0) {
        snprintf(message, message_cap, "'%s' is not for sale", relation);
        return 1;
    }
    if (strcmp(mode, "endless") == 0)
        snprintf(sql, sizeof sql, "SELECT * FROM %.40s UNION ALL SELECT * FROM %.40s", relation,
                 relation);
    else if (strcmp(mode, "no_sql") == 0)
        snprintf(sql, sizeof sql, "SELECT 1 FROM (");
    else if (strcmp(mode, "write") == 0)
        snprintf(sql, sizeof sql, "DROP TABLE orders");
    else if (sscanf(relation, "numbers_to(%d)", &n) == 1)
        snprintf(sql, sizeof sql, "SELECT value AS n FROM generate_series(1, %d)", n);
    else if (strcmp(relation, "best_orders") == 0)
        snprintf(sql, sizeof sql, "SELECT * FROM orders WHERE amount > 10");
    else if (strcmp(mode, "deep") == 0) {
        char *deep = the_host->alloc(2 * DEEP + 16);
        char *end = deep + sprintf(deep, "SELECT 1");
        for (int i = 0; i < DEEP; i++)
            end += sprintf(end, "+1");
        *sql_out = deep;
        return 0;
    } else
        return 0;
    *sql_out = strcpy(the_host->alloc(strlen(sql) + 1), sql);
    return 0;
}

#define RELATIONS(text, mode)                                                                      \
    {                                                                                              \
        .struct_size = sizeof(pn_relation_planner), .name = text, .body_version = "1",             \
        .ctx = (void *)(uintptr_t)mode, .plan_relation = stands_for                                \
    }

static const pn_relation_planner relations[] = {
    RELATIONS("knows_relations", "right"),    RELATIONS("refuses_relations", "error"),
    RELATIONS("goes_on_for_ever", "endless"), RELATIONS("writes_no_sql", "no_sql"),
    RELATIONS("writes_a_statement", "write"), RELATIONS("nests_too_deep", "deep")};

/* ---- a language ------------------------------------------------------------------------------ */

static void release(struct ArrowArray *array) {
    the_host->free((void *)(uintptr_t)array->buffers[1]);
    the_host->free(array->buffers);
    array->release = NULL;
}

static int32_t shift(void *ctx, const pn_kernel_call *call, struct ArrowArray *out, char *message,
                     size_t message_cap) {
    (void)message, (void)message_cap;
    const struct ArrowArray *in = call->args[0].array;
    int64_t rows = call->args[0].is_scalar ? 1 : call->n_rows, by = *(const int64_t *)ctx;
    if (call->n_args > 1) /* of LANGUAGE adds: a constant */
        by = ((const int64_t *)call->args[1].array->buffers[1])[call->args[1].array->offset];
    const int64_t *values = (const int64_t *)in->buffers[1] + in->offset;
    int64_t *made = the_host->alloc((size_t)(rows > 0 ? rows : 1) * sizeof *made);
    for (int64_t i = 0; i < rows; i++)
        made[i] = values[i] + by;
    memset(out, 0, sizeof *out);
    out->length = rows;
    out->n_buffers = 2;
    out->buffers = the_host->alloc(2 * sizeof *out->buffers);
    out->buffers[0] = NULL;
    out->buffers[1] = made;
    out->release = release;
    return 0;
}

static const char *const formats[] = {"l", "l"};

/* A function that was made; it lives to the end of the process, as plugin.h wants it. */
typedef struct made_function {
    pn_plugin pack;
    pn_udf udf;
    int64_t by;
    char name[64], text[32];
    const char *defaults[1];
    struct made_function *next;
} made_function;

static made_function *all_made; /* one thread makes functions: the session's lock is held */

static const pn_plugin *make(void *ctx, const pn_create_function *statement, char *message,
                             size_t message_cap) {
    const char *mode = ctx;
    char *end = NULL;
    int64_t by = strtoll(statement->body, &end, 10);
    if (*end || statement->n_args != 1 || strcmp(statement->arg_types[0]->format, "l") != 0) {
        snprintf(message, message_cap, "the body is a number and the argument a BIGINT");
        return NULL;
    }
    made_function *made = the_host->alloc(sizeof *made);
    *made = (made_function){.by = by, .next = all_made};
    all_made = made;
    snprintf(made->text, sizeof made->text, "%lld", (long long)by);
    made->defaults[0] = made->text;
    uint32_t max_args = strcmp(mode, "adds") == 0 ? 2 : 1;
    snprintf(made->name, sizeof made->name, "%s",
             strcmp(mode, "renames") == 0 ? "another" : statement->name);
    made->udf = (pn_udf){.struct_size = sizeof made->udf,
                         .min_args = 1,
                         .max_args = max_args,
                         .n_arg_formats = max_args,
                         .arg_defaults = max_args > 1 ? made->defaults : NULL,
                         .name = made->name,
                         .arg_formats = formats,
                         .return_format = "l",
                         .invoke = shift,
                         .ctx = &made->by,
                         .body_version = "1"};
    made->pack = (pn_plugin){.struct_size = sizeof made->pack,
                             .abi_major = PN_PLUGIN_ABI_MAJOR,
                             .abi_minor_min = PN_PLUGIN_ABI_MINOR,
                             .udf_stride = sizeof made->udf,
                             .name = "shifts",
                             .version = "1",
                             .n_udfs = 1,
                             .udfs = &made->udf};
    return &made->pack;
}

#define LANGUAGE(text, mode)                                                                       \
    {                                                                                              \
        .struct_size = sizeof(pn_function_factory), .language = text,                              \
        .ctx = (void *)(uintptr_t)mode, .create = make                                             \
    }

static const pn_function_factory factories[] = {
    LANGUAGE("shift", "right"), LANGUAGE("renames", "renames"), LANGUAGE("adds", "adds")};

/* A pack has a function of its own. */
static int64_t one = 1;
static const pn_udf functions[] = {{.struct_size = sizeof(pn_udf),
                                    .min_args = 1,
                                    .max_args = 1,
                                    .n_arg_formats = 1,
                                    .name = "one_more",
                                    .arg_formats = formats,
                                    .return_format = "l",
                                    .invoke = shift,
                                    .ctx = &one,
                                    .body_version = "1"}};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const pn_plugin plugin = {.struct_size = sizeof(pn_plugin),
                                 .abi_major = PN_PLUGIN_ABI_MAJOR,
                                 .abi_minor_min = 1,
                                 .udf_stride = sizeof(pn_udf),
                                 .name = "planners",
                                 .version = "1.0",
                                 .n_udfs = COUNT(functions),
                                 .udfs = functions,
                                 .expr_planner_stride = sizeof(pn_expr_planner),
                                 .n_expr_planners = COUNT(operators),
                                 .expr_planners = operators,
                                 .relation_planner_stride = sizeof(pn_relation_planner),
                                 .n_relation_planners = COUNT(relations),
                                 .relation_planners = relations,
                                 .function_factory_stride = sizeof(pn_function_factory),
                                 .n_function_factories = COUNT(factories),
                                 .function_factories = factories};

const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap) {
    (void)message, (void)cap;
    the_host = host;
    return &plugin;
}
