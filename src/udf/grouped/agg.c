/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every built-in aggregate does around its loop: open a call, build the array of results,
 * write and read partial states. A partial state may come from a spill file or from another
 * process, so whatever is read of it is checked: lengths against the end, texts for UTF-8.
 */
#include "udf/grouped/agg_priv.h"

#include <stdio.h>

int32_t pni_agg_fail(agg_place at, const char *format, ...) {
    if (at.cap > 0) {
        int used = snprintf(at.message, at.cap, "%s: ", at.name);
        if (used >= 0 && (size_t)used < at.cap) {
            va_list args;
            va_start(args, format);
            vsnprintf(at.message + used, at.cap - (size_t)used, format, args);
            va_end(args);
        }
    }
    return 1;
}

int32_t pni_agg_bad_state(agg_place at) {
    return pni_agg_fail(at, "a partial state is not of this function's form, version %d",
                        AGG_STATE_VERSION);
}

int32_t pni_agg_open(udf_frame *frame, agg_place at, agg_rows in) {
    frame->name = at.name;
    frame->call = in.call;
    frame->message = at.message;
    frame->message_cap = at.cap;
    UDF_TRY(pni_udf_frame_open(frame));
    frame->rows = in.call->n_rows;
    for (int64_t row = 0; row < frame->rows; row++) {
        if (in.groups[row] >= in.n_groups) {
            return pni_udf_fail(frame, "row %lld is of group %llu, but there are %llu groups",
                                (long long)row, (unsigned long long)in.groups[row],
                                (unsigned long long)in.n_groups);
        }
    }
    return 0;
}

int32_t pni_agg_each(void *state, agg_rows in, agg_row_fn fn, agg_place at) {
    udf_frame frame;
    int32_t result = pni_agg_open(&frame, at, in);
    for (int64_t row = 0; result == 0 && row < frame.rows; row++) {
        result = fn(state, &frame, row, in.groups[row]);
    }
    pni_udf_frame_close(&frame);
    return result;
}

static int init(agg_column column, struct ArrowArray *out) {
    if (!column.schema) {
        return ArrowArrayInitFromType(out, column.type);
    }
    PNI_AUTO_SCHEMA schema = {0};
    NANOARROW_RETURN_NOT_OK(column.schema(&schema));
    return ArrowArrayInitFromSchema(out, &schema, NULL);
}

static int build(agg_column column, void *state, uint64_t n_groups, struct ArrowArray *out) {
    NANOARROW_RETURN_NOT_OK(init(column, out));
    NANOARROW_RETURN_NOT_OK(ArrowArrayStartAppending(out));
    for (uint64_t group = 0; group < n_groups; group++) {
        NANOARROW_RETURN_NOT_OK(column.append(state, group, out));
    }
    return ArrowArrayFinishBuildingDefault(out, NULL);
}

int32_t pni_agg_result(agg_place at, void *state, uint64_t n_groups, agg_column column,
                       struct ArrowArray *out) {
    PNI_AUTO_ARRAY made = {0};
    int code = build(column, state, n_groups, &made);
    if (code != NANOARROW_OK) {
        return pni_agg_fail(at, "the results of %llu groups do not fit an Arrow array (code %d)",
                            (unsigned long long)n_groups, code);
    }
    ArrowArrayMove(&made, out);
    return 0;
}

int pni_agg_list_schema(struct ArrowSchema *out) {
    ArrowSchemaInit(out);
    NANOARROW_RETURN_NOT_OK(ArrowSchemaSetType(out, NANOARROW_TYPE_LIST));
    NANOARROW_RETURN_NOT_OK(ArrowSchemaSetName(out, ""));
    NANOARROW_RETURN_NOT_OK(ArrowSchemaSetType(out->children[0], NANOARROW_TYPE_STRING));
    return ArrowSchemaSetName(out->children[0], "item");
}

/* checksrc: allow parameters pn_return_fn of pinion/plugin.h has seven */
int32_t pni_agg_list_return(void *ctx, const struct ArrowSchema *const *args,
                            const struct ArrowArray *const *scalars, uint32_t n_args,
                            struct ArrowSchema *out, char *message, size_t message_cap) {
    (void)ctx, (void)args, (void)scalars, (void)n_args, (void)message, (void)message_cap;
    PNI_AUTO_SCHEMA made = {0};
    int code = pni_agg_list_schema(&made);
    pni_assert(code == NANOARROW_OK); /* fails for want of memory only */
    ArrowSchemaMove(&made, out);
    return 0;
}

/* ---- bytes ------------------------------------------------------------------------------------
 */

void pni_agg_put_number(pn_buf *out, uint64_t value) {
    while (value >= 0x80) {
        pni_buf_putc(out, (char)(uint8_t)(value | 0x80));
        value >>= 7;
    }
    pni_buf_putc(out, (char)(uint8_t)value);
}

uint64_t pni_agg_get_number(agg_reader *in) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && in->at < in->end; shift += 7) {
        uint8_t byte = *in->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
    in->ok = false;
    return 0;
}

pni_str pni_agg_get_bytes(agg_reader *in, uint64_t len) {
    if (len > (uint64_t)(in->end - in->at)) {
        in->ok = false;
        return (pni_str){"", 0};
    }
    pni_str bytes = {(const char *)in->at, (size_t)len};
    in->at += len;
    return bytes;
}

agg_reader pni_agg_state_at(const udf_frame *frame, int64_t row) {
    const udf_col *col = &frame->cols[0];
    struct ArrowBufferView bytes = ArrowArrayViewGetBytesUnsafe(&col->view, row * col->step);
    agg_reader in = {bytes.data.as_uint8, bytes.data.as_uint8 + bytes.size_bytes, true};
    if (bytes.size_bytes == 0 || *in.at++ != AGG_STATE_VERSION) {
        in = (agg_reader){NULL, NULL, false};
    }
    return in;
}
