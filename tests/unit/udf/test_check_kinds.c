/* Every field that only one kind of thing in a pack has, wrong one at a time. */
#include "base/base.h"
#include "t.h"
#include "udf/udf.h"

static int32_t create(void *ctx, const pn_aggregate_open *open, void **state_out, char *message,
                      size_t cap) {
    (void)ctx, (void)open, (void)state_out, (void)message, (void)cap;
    return 1;
}

static void destroy(void *state) {
    (void)state;
}

static int32_t feed(void *state, const pn_kernel_call *call, const uint64_t *groups,
                    uint64_t n_groups, char *message, size_t cap) {
    (void)state, (void)call, (void)groups, (void)n_groups, (void)message, (void)cap;
    return 1;
}

static int32_t emit(void *state, uint64_t n_groups, struct ArrowArray *out, char *message,
                    size_t cap) {
    (void)state, (void)n_groups, (void)out, (void)message, (void)cap;
    return 1;
}

static int32_t evaluate(void *state, uint64_t n_groups, int32_t keep, struct ArrowArray *out,
                        char *message, size_t cap) {
    (void)state, (void)n_groups, (void)keep, (void)out, (void)message, (void)cap;
    return 1;
}

static size_t size(const void *state) {
    (void)state;
    return 1;
}

static int32_t window(void *ctx, const pn_window_call *call, struct ArrowArray *out, char *message,
                      size_t cap) {
    (void)ctx, (void)call, (void)out, (void)message, (void)cap;
    return 1;
}

static int32_t open_table(void *ctx, const pn_kernel_call *call, pn_table *out, char *message,
                          size_t cap) {
    (void)ctx, (void)call, (void)out, (void)message, (void)cap;
    return 1;
}

static int32_t provide(void *ctx, const char *options, pn_table *out, char *message, size_t cap) {
    (void)ctx, (void)options, (void)out, (void)message, (void)cap;
    return 1;
}

static int32_t invoke(void *ctx, const pn_kernel_call *call, struct ArrowArray *out, char *message,
                      size_t cap) {
    (void)ctx, (void)call, (void)out, (void)message, (void)cap;
    return 1;
}

/* checksrc: allow parameters pn_expr_planner of pinion/plugin.h has seven */
static int32_t plan_operator(void *ctx, const char *op, const struct ArrowSchema *left,
                             const struct ArrowSchema *right, pn_operator_plan *out, char *message,
                             size_t cap) {
    (void)ctx, (void)op, (void)left, (void)right, (void)out, (void)message, (void)cap;
    return 1;
}

static const pn_plugin *make(void *ctx, const pn_create_function *statement, char *message,
                             size_t cap) {
    (void)ctx, (void)statement, (void)message, (void)cap;
    return NULL;
}

static const char *const longs[] = {"l", "l", NULL};
static const char *const defaults[] = {"=p.limit", NULL};

typedef struct pack {
    pn_udf udf, aggregate_udf, window_udf, table_udf;
    pn_aggregate aggregate;
    pn_window window;
    pn_table_function table;
    pn_table_provider provider;
    pn_option option;
    pn_expr_planner planner;
    pn_function_factory factory;
    pn_signature form;
    pn_doc doc;
    pn_plugin plugin;
} pack;

static pn_udf declared(const char *name) {
    return (pn_udf){.struct_size = sizeof(pn_udf),
                    .min_args = 1,
                    .max_args = 2,
                    .n_arg_formats = 2,
                    .name = name,
                    .arg_formats = longs,
                    .return_format = "l",
                    .body_version = "1"};
}

static void init_rows(pack *p) {
    p->udf = declared("scalar_one");
    p->udf.invoke = invoke;
    p->udf.arg_defaults = defaults;
    p->form = (pn_signature){sizeof(pn_signature), PN_SIGNATURE_EXACT, 1, 1, 1, 0, longs};
    p->doc.struct_size = sizeof p->doc;
    p->aggregate_udf = declared("aggregate_one");
    p->aggregate = (pn_aggregate){sizeof(pn_aggregate),
                                  0,
                                  &p->aggregate_udf,
                                  1,
                                  0,
                                  longs,
                                  create,
                                  destroy,
                                  feed,
                                  NULL,
                                  feed,
                                  emit,
                                  evaluate,
                                  size};
    p->window_udf = declared("window_one");
    p->window = (pn_window){sizeof(pn_window), PN_WINDOW_FRAME, &p->window_udf, window};
    p->table_udf = declared("table_one");
    p->table_udf.return_format = NULL;
    p->table = (pn_table_function){sizeof(pn_table_function), 0, &p->table_udf, open_table};
    p->provider = (pn_table_provider){sizeof(pn_table_provider), 0, "tab", NULL, NULL, provide};
    p->option = (pn_option){sizeof(pn_option), 0, "p.limit", "l", "7", NULL};
    p->planner = (pn_expr_planner){sizeof(pn_expr_planner), 0, "ops", "1", NULL, plan_operator};
    p->factory = (pn_function_factory){sizeof(pn_function_factory), 0, "lua", NULL, make};
}

static void init(pack *p) {
    memset(p, 0, sizeof *p);
    init_rows(p);
    p->plugin = (pn_plugin){.struct_size = sizeof(pn_plugin),
                            .abi_major = PN_PLUGIN_ABI_MAJOR,
                            .abi_minor_min = 1,
                            .udf_stride = sizeof(pn_udf),
                            .name = "test",
                            .version = "1",
                            .n_udfs = 1,
                            .udfs = &p->udf,
                            .aggregate_stride = sizeof(pn_aggregate),
                            .n_aggregates = 1,
                            .aggregates = &p->aggregate,
                            .window_stride = sizeof(pn_window),
                            .n_windows = 1,
                            .windows = &p->window,
                            .table_function_stride = sizeof(pn_table_function),
                            .n_table_functions = 1,
                            .table_functions = &p->table,
                            .table_provider_stride = sizeof(pn_table_provider),
                            .n_table_providers = 1,
                            .table_providers = &p->provider,
                            .expr_planner_stride = sizeof(pn_expr_planner),
                            .n_expr_planners = 1,
                            .expr_planners = &p->planner,
                            .function_factory_stride = sizeof(pn_function_factory),
                            .n_function_factories = 1,
                            .function_factories = &p->factory,
                            .option_stride = sizeof(pn_option),
                            .n_options = 1,
                            .options = &p->option};
}

static void refused(const pack *p, int32_t number, const char *part) {
    pn_error err = PN_ERROR_INIT;
    const pn_plugin *ours = NULL;
    T_ASSERT(pni_udf_adopt(&p->plugin, "p.so", &ours, &err) != PN_OK);
    T_EQ_INT(err.number, number);
    if (!strstr(err.message, part)) {
        T_FAIL("the message is '%s', want '%s' in it", err.message, part);
    }
}

#define REFUSED(change, part)                                                                      \
    do {                                                                                           \
        pack p;                                                                                    \
        init(&p);                                                                                  \
        change;                                                                                    \
        refused(&p, PNI_E_UDF_TABLE, part);                                                        \
    } while (0)

T_CASE(a_right_table_of_every_kind_passes) {
    pack p;
    init(&p);
    pn_error err = PN_ERROR_INIT;
    const pn_plugin *ours = NULL;
    T_OK(pni_udf_adopt(&p.plugin, "p.so", &ours, &err), &err);
    T_EQ_UINT(pni_udf_function_count(ours), 4);
    static const char *const names[] = {"scalar_one", "aggregate_one", "window_one", "table_one"};
    for (int32_t kind = 0; kind < 4; kind++) {
        pni_udf_function function = pni_udf_function_at(ours, (uint64_t)kind);
        T_EQ_INT(function.kind, kind);
        T_EQ_STR(function.udf->name, names[kind]);
    }
}

T_CASE(aggregates) {
    REFUSED(p.aggregate.create = NULL, "aggregate function 'aggregate_one': the field 'create'");
    REFUSED(p.aggregate.destroy = NULL, "'destroy'");
    REFUSED(p.aggregate.update = NULL, "'update'");
    REFUSED(p.aggregate.merge = NULL, "'merge'");
    REFUSED(p.aggregate.emit = NULL, "'emit'");
    REFUSED(p.aggregate.evaluate = NULL, "'evaluate'");
    REFUSED(p.aggregate.size = NULL, "'size'");
    REFUSED(p.aggregate.flags = 8, "'flags'");
    REFUSED(p.aggregate.n_state = 0, "'state_formats'");
    REFUSED(p.aggregate.n_state = 65, "'state_formats'");
    REFUSED(p.aggregate.state_formats = NULL, "'state_formats'");
    REFUSED(p.aggregate.n_state = 3, "state column 3");
    REFUSED(p.aggregate_udf.min_args = 0, "takes at least one argument");
    REFUSED((p.aggregate_udf.n_alternatives = 1, p.aggregate_udf.alternatives = &p.form,
             p.aggregate_udf.alternative_stride = sizeof(pn_signature), p.form.min_args = 0),
            "takes at least one argument");
    REFUSED(p.aggregate.function = NULL, "'function' is NULL");
    REFUSED(p.aggregate_udf.invoke = invoke, "'invoke' is for scalar");
    REFUSED(p.aggregate_udf.null_handling = PN_NULLS_PROPAGATED, "are for scalar functions");
    REFUSED(p.aggregate_udf.return_format = NULL, "both NULL");
}

T_CASE(windows) {
    REFUSED(p.window.mode = 3, "window function 'window_one': the field 'mode'");
    REFUSED(p.window.evaluate = NULL, "'evaluate' is NULL");
    REFUSED(p.window.mode = PN_WINDOW_PEERS, "takes no arguments");
}

T_CASE(tables) {
    REFUSED(p.table.open = NULL, "table function 'table_one': the field 'open'");
    REFUSED(p.table_udf.return_format = "l", "must be NULL");
    REFUSED(p.provider.name = "Tab", "table provider");
    REFUSED(p.provider.open = NULL, "table provider 'tab'");
}

T_CASE(names_belong_to_one_function_of_all_kinds) {
    pack p;
    init(&p);
    p.window_udf.name = "aggregate_one";
    refused(&p, PNI_E_UDF_DUPLICATE, "'aggregate_one' twice");
}

T_CASE(scalar_extras) {
    static const char *const bad[] = {"1 + 1", NULL};
    static const char *const open_text[] = {"'x", NULL};
    static const char *const no_option[] = {"=p.other", NULL};
    REFUSED(p.udf.flags = 4, "'flags'");
    REFUSED(p.udf.null_handling = 2, "'null_handling'");
    REFUSED(p.udf.preserves_order_of = 3, "'preserves_order_of'");
    REFUSED(p.udf.literal_args = 4, "'literal_args'");
    REFUSED(p.udf.arg_defaults = bad, "'1 + 1' of argument 2");
    REFUSED(p.udf.arg_defaults = open_text, "of argument 2");
    REFUSED(p.udf.arg_defaults = no_option, "'=p.other'");
    REFUSED((p.udf.doc = &p.doc, p.doc.struct_size = 8), "'doc'");
}

T_CASE(alternatives) {
    REFUSED(p.udf.n_alternatives = 1, "'alternatives'");
    REFUSED((p.udf.n_alternatives = 1, p.udf.alternatives = &p.form), "'alternative_stride'");
    REFUSED((p.udf.n_alternatives = 1, p.udf.alternatives = &p.form,
             p.udf.alternative_stride = sizeof(pn_signature), p.form.struct_size = 8),
            "'struct_size' of an alternative");
    REFUSED((p.udf.n_alternatives = 1, p.udf.alternatives = &p.form,
             p.udf.alternative_stride = sizeof(pn_signature), p.form.min_args = 2),
            "'min_args'");
}

T_CASE(functions_that_wait_take_flat_types) {
    static const char *const any[] = {"l", "*", NULL};
    static const char *const aliases[] = {"other", NULL};
    REFUSED((p.udf.flags = PN_UDF_ASYNC, p.udf.arg_formats = any), "flat types");
    REFUSED((p.udf.flags = PN_UDF_ASYNC, p.udf.aliases = aliases), "no aliases");
}

T_CASE(options) {
    REFUSED(p.option.key = "limit", "'key'");
    REFUSED(p.option.key = "datafusion.limit", "'key'");
    REFUSED(p.option.key = "p.Limit", "'key'");
    REFUSED(p.option.format = "i", "'format'");
    REFUSED(p.option.default_text = "many", "'default_text'");
    REFUSED(p.option.default_text = NULL, "'default_text'");
}

T_CASE(planners) {
    REFUSED(p.planner.name = NULL, "expression planner");
    REFUSED(p.planner.body_version = "", "'body_version'");
    REFUSED(p.planner.plan_operator = NULL, "its function is NULL");
}

T_CASE(factories) {
    REFUSED(p.factory.create = NULL, "its function is NULL");
    REFUSED(p.factory.language = "SQL", "lower-case");
    REFUSED(p.factory.language = "sql", "pinion's own");
    REFUSED(p.factory.language = "udaf", "pinion's own");
}

/* One name twice among the things of one kind; names of different kinds do not meet. */
T_CASE(what_is_no_function_has_a_name_of_its_own) {
    pack p;
    init(&p);
    const pn_table_provider providers[] = {p.provider, p.provider};
    const pn_option options[] = {p.option, p.option};
    const pn_expr_planner planners[] = {p.planner, p.planner};
    p.plugin.table_providers = providers, p.plugin.n_table_providers = 2;
    refused(&p, PNI_E_UDF_DUPLICATE, "the table provider 'tab' twice");
    p.plugin.n_table_providers = 1, p.plugin.options = options, p.plugin.n_options = 2;
    refused(&p, PNI_E_UDF_DUPLICATE, "the option 'p.limit' twice");
    p.plugin.n_options = 1, p.plugin.expr_planners = planners, p.plugin.n_expr_planners = 2;
    refused(&p, PNI_E_UDF_DUPLICATE, "the expression planner 'ops' twice");
    p.plugin.n_expr_planners = 1, p.planner.name = "tab";
    pn_error err = PN_ERROR_INIT;
    const pn_plugin *ours = NULL;
    T_OK(pni_udf_adopt(&p.plugin, "p.so", &ours, &err), &err);
}
