/* SPDX-License-Identifier: Apache-2.0 */
/* One batch as a stream. Both arguments are consumed whatever happens, so callers have nothing to
 * clean up. */
#include "arrow/arrow_priv.h"

pn_status pni_arrow_stream_of_batch(struct ArrowSchema *schema, struct ArrowArray *batch,
                                    struct ArrowArrayStream *out, pn_error *err) {
    PNI_AUTO_SCHEMA own_schema = {0};
    PNI_AUTO_ARRAY own_batch = {0};
    ArrowSchemaMove(schema, &own_schema);
    ArrowArrayMove(batch, &own_batch);
    PNI_TRY(pni_arrow_check(&own_schema, 0, err));
    struct ArrowArrayView view;
    struct ArrowError story = {{0}};
    int code = ArrowArrayViewInitFromSchema(&view, &own_schema, &story);
    if (code == NANOARROW_OK) {
        code = ArrowArrayViewSetArray(&view, &own_batch, &story);
    }
    ArrowArrayViewReset(&view);
    if (code != NANOARROW_OK) {
        pn_status status = pni_fail(err, PNI_E_ARROW_DATA, "a batch does not fit its schema");
        pni_error_detail(err, "%s", story.message);
        return status;
    }
    arrow_must(ArrowBasicArrayStreamInit(out, &own_schema, 1));
    ArrowBasicArrayStreamSetArray(out, 0, &own_batch);
    return PN_OK;
}
