/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of every built-in kernel: borrow the arguments as views, start the output, run the
 * kernel's loop, finish. The views know offsets, so slices need no care in a kernel; a scalar is
 * read with step 0, so mixing scalars and columns needs none either. On failure the half-built
 * output is released and `out` stays untouched.
 */
#include "udf/builtin/kernel_priv.h"

#include <stdio.h>

int32_t pni_udf_fail(udf_frame *frame, const char *format, ...) {
    if (frame->message_cap > 0) {
        int used = snprintf(frame->message, frame->message_cap, "%s: ", frame->name);
        if (used >= 0 && (size_t)used < frame->message_cap) {
            va_list args;
            va_start(args, format);
            vsnprintf(frame->message + used, frame->message_cap - (size_t)used, format, args);
            va_end(args);
        }
    }
    return 1;
}

int32_t pni_udf_append(udf_frame *frame, int code) {
    if (code == NANOARROW_OK) {
        return 0;
    }
    return pni_udf_fail(frame,
                        "the result of one batch does not fit an Arrow array (code %d); "
                        "use a smaller batch size",
                        code);
}

static int32_t open_column(udf_frame *frame, uint32_t index) {
    const pn_kernel_arg *arg = udf_arg(frame, index);
    udf_col *col = &frame->cols[index];
    struct ArrowError error;
    ArrowErrorInit(&error);
    frame->count = index + 1; /* closed by close_frame from here on */
    int code = ArrowArrayViewInitFromSchema(&col->view, arg->schema, &error);
    if (code == NANOARROW_OK) {
        code = ArrowArrayViewSetArray(&col->view, arg->array, &error);
    }
    if (code != NANOARROW_OK) {
        return pni_udf_fail(frame, "argument %u is no valid Arrow array: %s", index + 1,
                            error.message);
    }
    int64_t want = arg->is_scalar ? 1 : frame->call->n_rows;
    if (col->view.length < want) {
        return pni_udf_fail(frame, "argument %u has %lld rows where %lld were promised", index + 1,
                            (long long)col->view.length, (long long)want);
    }
    col->step = arg->is_scalar ? 0 : 1;
    if (!arg->is_scalar) {
        frame->rows = frame->call->n_rows;
    }
    return 0;
}

static int32_t open_frame(udf_frame *frame) {
    frame->count = 0;
    frame->rows = 1;
    if (frame->call->n_args > UDF_MAX_ARGS) {
        return pni_udf_fail(frame, "%u arguments are more than %d", frame->call->n_args,
                            UDF_MAX_ARGS);
    }
    for (uint32_t i = 0; i < frame->call->n_args; i++) {
        UDF_TRY(open_column(frame, i));
    }
    return 0;
}

static void close_frame(udf_frame *frame) {
    for (uint32_t i = 0; i < frame->count; i++) {
        ArrowArrayViewReset(&frame->cols[i].view);
    }
}

/* Made new for every call: building an output reads the schema only while it starts. */
static int init_nested(const udf_kernel *kernel, struct ArrowArray *out) {
    PNI_AUTO_SCHEMA schema = {0};
    NANOARROW_RETURN_NOT_OK(kernel->schema(&schema));
    return ArrowArrayInitFromSchema(out, &schema, NULL);
}

/* checksrc: allow parameters pn_return_fn of pinion/plugin.h has seven */
int32_t pni_udf_return(void *ctx, const struct ArrowSchema *const *args,
                       const struct ArrowArray *const *scalars, uint32_t n_args,
                       struct ArrowSchema *out, char *message, size_t message_cap) {
    const udf_kernel *kernel = ctx;
    (void)args, (void)scalars, (void)n_args, (void)message, (void)message_cap;
    PNI_AUTO_SCHEMA made = {0};
    int code = kernel->schema(&made);
    pni_assert(code == NANOARROW_OK); /* fails for want of memory only */
    ArrowSchemaMove(&made, out);
    return 0;
}

static int32_t run(udf_frame *frame, const udf_kernel *kernel, struct ArrowArray *made) {
    int code =
        kernel->schema ? init_nested(kernel, made) : ArrowArrayInitFromType(made, kernel->type);
    if (code != NANOARROW_OK) {
        return pni_udf_append(frame, code);
    }
    UDF_TRY(pni_udf_append(frame, ArrowArrayStartAppending(made)));
    UDF_TRY(pni_udf_append(frame, ArrowArrayReserve(made, frame->rows)));
    UDF_TRY(kernel->rows(frame, made));
    return pni_udf_append(frame, ArrowArrayFinishBuildingDefault(made, NULL));
}

int32_t pni_udf_invoke(void *ctx, const pn_kernel_call *call, struct ArrowArray *out, char *message,
                       size_t message_cap) {
    const udf_kernel *kernel = ctx;
    udf_frame frame; /* large: its columns are set one by one */
    frame.name = kernel->name;
    frame.call = call;
    frame.message = message;
    frame.message_cap = message_cap;
    PNI_AUTO_ARRAY made = {0};
    int32_t result = open_frame(&frame);
    if (result == 0) {
        result = run(&frame, kernel, &made);
    }
    close_frame(&frame);
    if (result == 0) {
        ArrowArrayMove(&made, out);
    }
    return result;
}
