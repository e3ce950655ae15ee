/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that check a pack's table share. */
#ifndef PNI_UDF_CHECK_PRIV_H
#define PNI_UDF_CHECK_PRIV_H

#include "udf/udf_priv.h"

/* What the messages of one check name, and the names of functions so far. */
typedef struct udf_check {
    const char *origin;
    char label[192]; /* "function 'f'", or "function 3" while its name is not known to be text */
    const pn_plugin *plugin;
    pni_map *names;
    pn_error *err;
} udf_check;

pn_status pni_udf_wrong(const udf_check *at, const char *what);
/* Documents hold the texts of packs, so they are UTF-8, and bounded; NULL is fine. */
pn_status pni_udf_check_text(const udf_check *at, const char *field, const char *text);
/* Lower-case text of at most 128 bytes that SQL takes without quotes; NULL is none. */
bool pni_udf_is_name(const char *name);
/* An Arrow C format without children; NULL is none. */
bool pni_udf_is_flat_format(const char *format);

/* What belongs to aggregates, window and table functions alone. */
pn_status pni_udf_check_kind(const udf_check *at, const pni_udf_function *function);
/* Options, table providers, planners and factories. */
pn_status pni_udf_check_extras(udf_check *at);

#endif
