/* SPDX-License-Identifier: Apache-2.0 */
/* Table functions of the built-in pack. Each answers a dataset, which the host opens and pins. */
#ifndef PNI_UDF_TAB_PRIV_H
#define PNI_UDF_TAB_PRIV_H

#include "udf/builtin/kernel_priv.h"

typedef struct tab_table {
    const pn_table_function *functions;
    size_t count;
} tab_table;

tab_table pni_tab_table_dataset(void);

/* The columns of an Arrow IPC schema message in hex digits, {name: type}; fails the call otherwise.
 * `name` is that of the argument. */
int32_t pni_tab_schema_of_ipc(udf_frame *frame, const char *name, pni_str text,
                              json_t **columns_out);

#endif
