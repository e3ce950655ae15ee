/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in pack: the functions of builtin/, one table per file, as one pn_plugin like any
 * other. The tables are constant; they are laid side by side once, because a pack is a single
 * array.
 */
#include "udf/builtin/kernel_priv.h"
#include "udf/udf.h"

#include <pthread.h>

enum { MAX_FUNCTIONS = 64 };

static pn_udf all[MAX_FUNCTIONS];
static pn_plugin pack = {
    .struct_size = sizeof(pn_plugin),
    .abi_major = PN_PLUGIN_ABI_MAJOR,
    .abi_minor_min = PN_PLUGIN_ABI_MINOR,
    .udf_stride = sizeof(pn_udf),
    .name = "pinion",
    .version = "1",
    .udfs = all,
};
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void gather(void) {
    const udf_table tables[] = {
        pni_udf_table_hash(), pni_udf_table_text(), pni_udf_table_span(), pni_udf_table_position(),
        pni_udf_table_cdf(),  pni_udf_table_list(), pni_udf_table_map(),  pni_udf_table_field()};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        for (size_t j = 0; j < tables[i].count; j++) {
            pni_assert(pack.n_udfs < MAX_FUNCTIONS);
            all[pack.n_udfs++] = tables[i].udfs[j];
        }
    }
}

const pn_plugin *pni_udf_builtin(void) {
    pthread_once(&once, gather);
    return &pack;
}
