/*
 * The rows of one execution, as text that is compared without an order.
 */
#ifndef PN_TESTS_ROUNDTRIP_ROWS_H
#define PN_TESTS_ROUNDTRIP_ROWS_H

#include "arrow/arrow.h"
#include "base/base.h"
#include "engine/engine.h"

/* Lines sorted; the schema first. */
typedef struct answer {
    pn_buf schema;
    PNI_VEC(char *) lines;
    int64_t rows;
    uint64_t floats; /* a bit per column that holds floats: sums of those depend on their order */
    bool published;  /* set before: text and bytes in views are what they are published as */
} answer;

void answer_dispose(answer *a);
/* Reads to the end; the caller releases the stream. */
pn_status answer_read(struct ArrowArrayStream *stream, answer *out, pn_error *err);
pn_status answer_of_plan(const pni_engine_plan *plan, answer *out, pn_error *err);
/* `why` stays empty when both are equal; otherwise it says what differs. */
void answer_differ(const answer *a, const answer *b, pn_buf *why);
/* For another process. */
pn_status answer_save(const answer *a, const char *path, pn_error *err);
pn_status answer_load(const char *path, answer *out, pn_error *err);

#endif
