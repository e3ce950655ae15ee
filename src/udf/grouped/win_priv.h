/* SPDX-License-Identifier: Apache-2.0 */
/* What the built-in window functions share. Each sees a whole partition at once. */
#ifndef PNI_UDF_WIN_PRIV_H
#define PNI_UDF_WIN_PRIV_H

#include "udf/builtin/kernel_priv.h"

#define WIN_DECLARED(sql_name)                                                                     \
    .struct_size = sizeof(pn_udf), .volatility = PN_VOLATILITY_IMMUTABLE, .name = (sql_name)

/* Opens the columns of the partition; pni_udf_frame_close(), on failure too. */
int32_t pni_win_open(udf_frame *frame, const pn_window_call *call);
/* The text of a literal argument, the same in all rows; "" when it is left out or null. */
pni_str pni_win_literal(const udf_frame *frame, uint32_t arg);
/* Position of `text` in `names`, compared without case, or -1. */
int pni_win_choice(pni_str text, const char *const *names, size_t count);

/* ---- tables of window functions, one per file -------------------------------------------------
 */

typedef struct win_table {
    const pn_window *windows;
    size_t count;
} win_table;

win_table pni_win_table_align(void);
win_table pni_win_table_winner(void);

#endif
