/*
 * Compiles a query into a bundle, runs the bundle and prints its fingerprint and its rows as JSON.
 *
 *     cc first_query.c $(pkg-config --cflags --libs pinion) -o first_query
 */
#include <pinion/pinion.h>
#include <stdio.h>

static pn_status print_rows(pn_result *result, pn_error *err) {
    struct ArrowArrayStream stream = {0};
    struct ArrowSchema schema = {0};
    struct ArrowArray batch = {0};
    pn_format *format = NULL;
    pn_status status = pn_result_stream(result, &stream, err);
    if (status != PN_OK) {
        return status;
    }
    int code = stream.get_schema(&stream, &schema);
    if (code != 0) {
        status = pn_result_stream_error(&stream, code, err);
    } else {
        status = pn_format_new(&schema, &format, err);
        schema.release(&schema);
    }
    while (status == PN_OK) {
        code = stream.get_next(&stream, &batch);
        if (code != 0) {
            status = pn_result_stream_error(&stream, code, err);
        }
        if (code != 0 || batch.release == NULL) { /* a failure, or the end */
            break;
        }
        status = pn_format_batch(format, &batch, err);
        pn_buf line = PN_BUF_INIT;
        for (int64_t row = 0; status == PN_OK && row < batch.length; row++) {
            pn_format_row_json(format, row, &line);
            printf("%s\n", (const char *)line.data);
            line.len = 0;
        }
        pn_buf_dispose(&line);
        batch.release(&batch);
    }
    pn_format_free(format);
    stream.release(&stream);
    return status;
}

int main(int argc, char **argv) {
    pn_error err = PN_ERROR_INIT;
    pn_session *session = NULL;
    pn_bundle *bundle = NULL;
    pn_result *result = NULL;
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    source.sql = argc > 1 ? argv[1] : "select 1 as one";
    pn_status status = pn_session_open(NULL, &session, &err);
    if (status == PN_OK) {
        status = pn_exec_compile(session, NULL, &source, &bundle, &err);
    }
    if (status == PN_OK) {
        printf("%s\n", pn_bundle_fingerprint(bundle));
        status = pn_exec_run(session, bundle, NULL, &result, &err);
    }
    if (status == PN_OK) {
        status = print_rows(result, &err);
    }
    if (status != PN_OK) {
        fprintf(stderr, "PN%d: %s\nhint: %s\n", err.number, err.message, err.hint);
    }
    pn_result_free(result);
    pn_bundle_unref(bundle);
    pn_session_unref(session);
    return status == PN_OK ? 0 : 1;
}
