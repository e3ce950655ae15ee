/* SPDX-License-Identifier: Apache-2.0 */
/* Building rows, in two files: nested values (build.c) and flat ones (build_flat.c). */
#ifndef PNI_ARROW_BUILD_PRIV_H
#define PNI_ARROW_BUILD_PRIV_H

#include "arrow/arrow_priv.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct column {
    const struct ArrowSchema *field;
    struct ArrowSchemaView type;
    struct ArrowArray *array; /* of the batch, or of the dictionary */
    const struct column *parent;
    struct column *children;
    int64_t child_count;
    struct column *values; /* of a dictionary */
    pni_map *seen;         /* value as JSON -> index + 1 */
} column;

typedef struct builder {
    size_t row; /* that is being appended, from 0 */
    pn_error *err;
} builder;

pn_status pni_arrow_row_fail(const builder *b, const column *c, const char *why);
/* nanoarrow's answer to an append: everything but success means that the value does not fit. */
static inline pn_status appended(const builder *b, const column *c, int code) {
    return code == NANOARROW_OK ? PN_OK
                                : pni_arrow_row_fail(b, c, "the value is out of the type's range");
}
/* `value` is not null and the column has neither children nor a dictionary. */
pn_status pni_arrow_append_flat(const builder *b, column *c, const json_t *value);

#endif
