/* SPDX-License-Identifier: Apache-2.0 */
/* What every built-in window function does before its loop. */
#include "udf/grouped/win_priv.h"

#include <strings.h>

int32_t pni_win_open(udf_frame *frame, const pn_window_call *call) {
    frame->call = call->call;
    UDF_TRY(pni_udf_frame_open(frame));
    frame->rows = frame->call->n_rows;
    return 0;
}

pni_str pni_win_literal(const udf_frame *frame, uint32_t arg) {
    if (arg >= frame->count || frame->rows == 0 || udf_null(frame, arg, 0)) {
        return PNI_STR("");
    }
    return udf_str(frame, arg, 0);
}

int pni_win_choice(pni_str text, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (text.len == strlen(names[i]) && strncasecmp(text.data, names[i], text.len) == 0) {
            return (int)i;
        }
    }
    return -1;
}
