/* SPDX-License-Identifier: Apache-2.0 */
#include "fixtures.h"

T_CASE(one_batch_then_the_end) {
    pn_error err = PN_ERROR_INIT;
    struct ArrowSchema schema = {0};
    struct ArrowArray batch = {0};
    PNI_AUTO_STREAM stream = {0};
    schema_of("utf8", &schema);
    T_OK(batch_of("[[\"a\"],[null]]", &schema, &batch, &err), &err);
    T_OK(pni_arrow_stream_of_batch(&schema, &batch, &stream, &err), &err);
    T_ASSERT(schema.release == NULL && batch.release == NULL);
    PNI_AUTO_SCHEMA got_schema = {0};
    PNI_AUTO_ARRAY got = {0};
    PNI_AUTO_ARRAY end = {0};
    T_EQ_INT(stream.get_schema(&stream, &got_schema), 0);
    T_EQ_STR(got_schema.children[0]->name, "c");
    T_EQ_INT(stream.get_next(&stream, &got), 0);
    T_EQ_INT(got.length, 2);
    T_EQ_INT(stream.get_next(&stream, &end), 0);
    T_ASSERT(end.release == NULL);
}

T_CASE(an_unread_stream_releases_its_batch) {
    pn_error err = PN_ERROR_INIT;
    struct ArrowSchema schema = {0};
    struct ArrowArray batch = {0};
    PNI_AUTO_STREAM stream = {0};
    schema_of("int64", &schema);
    T_OK(batch_of("[[1]]", &schema, &batch, &err), &err);
    T_OK(pni_arrow_stream_of_batch(&schema, &batch, &stream, &err), &err);
}

T_CASE(a_batch_that_does_not_fit_is_consumed_too) {
    pn_error err = PN_ERROR_INIT;
    struct ArrowSchema schema = {0};
    struct ArrowSchema other = {0};
    struct ArrowArray batch = {0};
    struct ArrowArrayStream stream = {0};
    schema_of("int64", &schema);
    schema_of("utf8", &other);
    T_OK(batch_of("[[1]]", &schema, &batch, &err), &err);
    schema.release(&schema);
    T_STATUS(pni_arrow_stream_of_batch(&other, &batch, &stream, &err), PN_CORRUPT, &err);
    T_EQ_INT(err.number, PNI_E_ARROW_DATA);
    T_ASSERT(err.detail[0]);
    T_ASSERT(other.release == NULL && batch.release == NULL && stream.release == NULL);
}
