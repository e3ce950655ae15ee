/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in pack: the functions of builtin/, grouped/ and tables/, one table per file, as one
 * pn_plugin like any other. The tables are constant; they are laid side by side once, because a
 * pack has a single array of each kind.
 */
#include "udf/builtin/kernel_priv.h"
#include "udf/grouped/agg_priv.h"
#include "udf/grouped/win_priv.h"
#include "udf/tables/tab_priv.h"
#include "udf/udf.h"

#include <pthread.h>

enum { MAX_FUNCTIONS = 64, MAX_AGGREGATES = 16, MAX_WINDOWS = 16 };

#define OPTION(name, format, fallback, description)                                                \
    { sizeof(pn_option), 0, "codeanatomy_udf." name, format, fallback, description }

/* What functions are called with where the call says nothing. */
static const pn_option options[] = {
    OPTION("utf8_normalize_form", "u", "NFKC", "Normal form of utf8_normalize."),
    OPTION("utf8_normalize_casefold", "b", "true", "Whether utf8_normalize gives lower case."),
    OPTION("utf8_normalize_collapse_ws", "b", "true",
           "Whether utf8_normalize makes one space of white space."),
    OPTION("span_default_line_base", "l", "0", "Line base of span_make."),
    OPTION("span_default_col_unit", "u", "byte", "Column unit of span_make."),
    OPTION("span_default_end_exclusive", "b", "true",
           "Whether spans of span_make exclude their end."),
    OPTION("map_normalize_key_case", "u", "lower", "Case of the keys of map_normalize."),
    OPTION("map_normalize_sort_keys", "b", "true", "Whether map_normalize sorts by key."),
};

static pn_udf all[MAX_FUNCTIONS];
static pn_aggregate aggregates[MAX_AGGREGATES];
static pn_window windows[MAX_WINDOWS];
static pn_plugin pack = {
    .struct_size = sizeof(pn_plugin),
    .abi_major = PN_PLUGIN_ABI_MAJOR,
    .abi_minor_min = PN_PLUGIN_ABI_MINOR,
    .udf_stride = sizeof(pn_udf),
    .name = "pinion",
    .version = "1",
    .udfs = all,
    .aggregate_stride = sizeof(pn_aggregate),
    .aggregates = aggregates,
    .window_stride = sizeof(pn_window),
    .windows = windows,
    .table_function_stride = sizeof(pn_table_function),
    .expr_planner_stride = sizeof(pn_expr_planner),
    .n_expr_planners = 1,
    .expr_planners = &pni_udf_domain_planner,
    .option_stride = sizeof(pn_option),
    .options = options,
    .n_options = sizeof options / sizeof options[0],
};
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void gather_aggregates(void) {
    const agg_table tables[] = {pni_agg_table_distinct(), pni_agg_table_best(),
                                pni_agg_table_count()};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        for (size_t j = 0; j < tables[i].count; j++) {
            pni_assert(pack.n_aggregates < MAX_AGGREGATES);
            aggregates[pack.n_aggregates++] = tables[i].aggregates[j];
        }
    }
}

static void gather_windows(void) {
    const win_table tables[] = {pni_win_table_align(), pni_win_table_winner()};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        for (size_t j = 0; j < tables[i].count; j++) {
            pni_assert(pack.n_windows < MAX_WINDOWS);
            windows[pack.n_windows++] = tables[i].windows[j];
        }
    }
}

/* A body that depends on the tables of Unicode is another one with other tables. */
static const char *version_of(const char *declared) {
    static pn_buf with_unicode[MAX_FUNCTIONS]; /* kept as long as the process */
    static size_t used;
    if (!pni_ends_with(declared, UDF_UNICODE)) {
        return declared;
    }
    pn_buf *version = &with_unicode[used++];
    pni_buf_puts(version, declared);
    pni_udf_unicode_version(version);
    return pni_buf_text(version);
}

static void gather_scalars(void) {
    const udf_table tables[] = {
        pni_udf_table_hash(),     pni_udf_table_text(),  pni_udf_table_span(),
        pni_udf_table_position(), pni_udf_table_cdf(),   pni_udf_table_list(),
        pni_udf_table_map(),      pni_udf_table_field(), pni_udf_table_echo()};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        for (size_t j = 0; j < tables[i].count; j++) {
            pni_assert(pack.n_udfs < MAX_FUNCTIONS);
            all[pack.n_udfs] = tables[i].udfs[j];
            all[pack.n_udfs].body_version = version_of(tables[i].udfs[j].body_version);
            pack.n_udfs++;
        }
    }
}

static void gather(void) {
    gather_scalars();
    gather_aggregates();
    gather_windows();
    const tab_table tables = pni_tab_table_dataset();
    pack.table_functions = tables.functions;
    pack.n_table_functions = tables.count;
}

const pn_plugin *pni_udf_builtin(void) {
    pthread_once(&once, gather);
    return &pack;
}
