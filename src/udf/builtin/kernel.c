/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of every built-in kernel: borrow the arguments as views, start the output, run the
 * kernel's loop, finish. The views know offsets, so slices need no care in a kernel; a scalar is
 * read with step 0, so mixing scalars and columns needs none either. On failure the half-built
 * output is released and `out` stays untouched.
 */
#include "udf/builtin/kernel_priv.h"

#include <stdio.h>

static void complain(char *message, size_t cap, const char *head, const char *format,
                     va_list args) {
    int used = snprintf(message, cap, "%s: ", head);
    if (used >= 0 && (size_t)used < cap) {
        vsnprintf(message + used, cap - (size_t)used, format, args);
    }
}

int32_t pni_udf_fail(udf_frame *frame, const char *format, ...) {
    va_list args;
    va_start(args, format);
    complain(frame->message, frame->message_cap, frame->name, format, args);
    va_end(args);
    return 1;
}

int32_t pni_udf_refuse(udf_fields *fields, int32_t number, const char *format, ...) {
    char head[16];
    snprintf(head, sizeof head, "PN%d", number);
    va_list args;
    va_start(args, format);
    complain(fields->message, fields->message_cap, head, format, args);
    va_end(args);
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
    frame->count = index + 1; /* closed by pni_udf_frame_close from here on */
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

int32_t pni_udf_frame_open(udf_frame *frame) {
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

void pni_udf_frame_close(udf_frame *frame) {
    for (uint32_t i = 0; i < frame->count; i++) {
        ArrowArrayViewReset(&frame->cols[i].view);
    }
}

/* checksrc: allow parameters pn_return_fn of pinion/plugin.h has seven */
int32_t pni_udf_return(void *ctx, const struct ArrowSchema *const *args,
                       const struct ArrowArray *const *scalars, uint32_t n_args,
                       struct ArrowSchema *out, char *message, size_t message_cap) {
    const udf_kernel *kernel = ctx;
    udf_fields fields = {kernel->name, args, scalars, n_args, message, message_cap};
    PNI_AUTO_SCHEMA made = {0};
    UDF_TRY(kernel->field(&fields, &made));
    ArrowSchemaMove(&made, out);
    return 0;
}

/* Made new for every call: building an output reads the schema only while it starts. */
static int32_t start_decided(udf_frame *frame, const udf_kernel *kernel, struct ArrowArray *out) {
    const struct ArrowSchema *args[UDF_MAX_ARGS];
    const struct ArrowArray *literals[UDF_MAX_ARGS];
    for (uint32_t i = 0; i < frame->count; i++) {
        const pn_kernel_arg *arg = udf_arg(frame, i);
        args[i] = arg->schema;
        literals[i] = arg->is_scalar ? arg->array : NULL;
    }
    udf_fields fields = {kernel->name, args,           literals,
                         frame->count, frame->message, frame->message_cap};
    PNI_AUTO_SCHEMA schema = {0};
    UDF_TRY(kernel->field(&fields, &schema));
    return pni_udf_append(frame, ArrowArrayInitFromSchema(out, &schema, NULL));
}

static int32_t run(udf_frame *frame, const udf_kernel *kernel, struct ArrowArray *made) {
    if (kernel->type == NANOARROW_TYPE_UNINITIALIZED) {
        UDF_TRY(start_decided(frame, kernel, made));
    } else {
        UDF_TRY(pni_udf_append(frame, ArrowArrayInitFromType(made, kernel->type)));
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
    int32_t result = pni_udf_frame_open(&frame);
    if (result == 0) {
        result = run(&frame, kernel, &made);
    }
    pni_udf_frame_close(&frame);
    if (result == 0) {
        ArrowArrayMove(&made, out);
    }
    return result;
}
