/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PNI_EXEC_PRIV_H
#define PNI_EXEC_PRIV_H

#include "exec/exec.h"

struct pn_result {
    int32_t kind; /* PN_RESULT_* */
    pn_bundle *bundle;
    struct ArrowArrayStream stream; /* released once taken */
    json_t *report;                 /* of a write, or NULL */
    json_t *diagnostics;            /* session-wide differences from the bundle, or NULL */
};

pn_result *pni_result_new(int32_t kind, const pn_bundle *bundle);

/* What rows stand on; each may be NULL. */
typedef struct pni_stream_base {
    pni_stage *stage;
    pni_deadline *deadline;
    pni_execution *execution;
} pni_stream_base;

/* Moves `inner` into `out`, which ends and frees `base` when it is released. */
void pni_stream_guard(struct ArrowArrayStream *inner, pni_stream_base base,
                      struct ArrowArrayStream *out);

#endif
