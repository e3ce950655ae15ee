#include "it.h"

#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>

/* Every case must hand back all handles of the engine; the engine itself, started here, stays. A
 * case that fails by a panic may end it; it is started again before the next one is charged for it.
 */
static int64_t live_handles(void) {
    static int64_t resting = -1;
    static size_t seen = 0;
    if (resting < 0 || seen != t_failed) {
        seen = t_failed;
        pn_session *session = NULL;
        /* Called outside of any case, so nothing may fail here: a fault set from outside hits once.
         */
        for (int attempt = 0; attempt < 2 && !session; attempt++)
            if (pn_session_open(NULL, &session, NULL) != PN_OK)
                session = NULL;
        pni_assert(session);
        pn_session_unref(session);
        if (resting < 0)
            resting = pni_engine_live_handles();
    }
    return pni_engine_live_handles() - resting;
}

__attribute__((constructor)) static void count_handles(void) {
    t_live_handles = live_handles;
}

void it_expect_error(t_place place, pn_status got, const pn_error *err, int32_t number,
                     const char *text) {
    if (got == PN_OK)
        t_fail(place.file, place.line, "%s: succeeded, wanted PN%d", place.text, number);
    if (err->number != number)
        t_fail(place.file, place.line, "%s: PN%d (%s), wanted PN%d", place.text, err->number,
               err->message, number);
    if (err->status != got)
        t_fail(place.file, place.line, "%s: returned %d, the error says %d", place.text, got,
               err->status);
    if (text && !strstr(err->message, text))
        t_fail(place.file, place.line, "%s: '%s' does not name '%s'", place.text, err->message,
               text);
    if (!err->hint[0])
        t_fail(place.file, place.line, "%s: '%s' has no hint", place.text, err->message);
}

static void append_batch(const struct ArrowSchema *schema, struct ArrowArrayView *view,
                         pn_buf *out) {
    for (int64_t row = 0; row < view->length; row++) {
        for (int64_t c = 0; c < schema->n_children; c++) {
            if (c)
                pni_buf_putc(out, '|');
            pni_arrow_value_text(schema->children[c], view->children[c], row + view->offset, out);
        }
        pni_buf_putc(out, '\n');
    }
}

char *it_rows_of_stream(struct ArrowArrayStream *stream) {
    struct ArrowError problem = {{0}};
    struct ArrowArrayView view;
    PNI_AUTO_SCHEMA schema = {0};
    pn_buf out = PN_BUF_INIT;
    if (stream->get_schema(stream, &schema) != 0)
        T_FAIL("no schema: %s", stream->get_last_error(stream));
    if (ArrowArrayViewInitFromSchema(&view, &schema, &problem) != NANOARROW_OK)
        T_FAIL("schema: %s", problem.message);
    for (;;) {
        PNI_AUTO_ARRAY batch = {0};
        if (stream->get_next(stream, &batch) != 0)
            T_FAIL("no batch: %s", stream->get_last_error(stream));
        if (!batch.release)
            break;
        if (ArrowArrayViewSetArray(&view, &batch, &problem) != NANOARROW_OK)
            T_FAIL("batch: %s", problem.message);
        append_batch(&schema, &view, &out);
    }
    ArrowArrayViewReset(&view);
    stream->release(stream);
    return pni_buf_steal(&out);
}

pn_bundle *it_compile(pn_session *session, const pn_view_graph *graph, const char *sql) {
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    pn_bundle *bundle = NULL;
    source.sql = sql;
    IT_OK(pn_exec_compile(session, graph, &source, &bundle, err));
    return bundle;
}

char *it_query(pn_session *session, const pn_view_graph *graph, const char *sql) {
    pn_bundle *bundle = it_compile(session, graph, sql);
    pn_result *result = NULL;
    struct ArrowArrayStream stream = {0};
    IT_OK(pn_exec_run(session, bundle, NULL, &result, err));
    T_EQ_INT(pn_result_kind(result), PN_RESULT_STREAM);
    IT_OK(pn_result_stream(result, &stream, err));
    char *rows = it_rows_of_stream(&stream);
    pn_result_free(result);
    pn_bundle_unref(bundle);
    return rows;
}

void it_expect_rows(t_place place, pn_session *session, const char *sql, const char *want) {
    PNI_AUTO_PTR(pni_text) rows = it_query(session, NULL, sql);
    if (strcmp(rows, want))
        t_fail(place.file, place.line, "%s gives\n%s", sql, rows);
}

pn_status it_statement(pn_session *session, const char *sql, pn_error *err) {
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    pn_result *result = NULL;
    source.sql = sql;
    pn_status status = pn_exec_statement(session, NULL, &source, NULL, &result, err);
    pn_result_free(result);
    return status;
}

void it_sort_lines(char *text) {
    size_t count = 0;
    for (const char *c = text; *c; c++)
        count += *c == '\n';
    char **lines = pni_calloc(count + 1, sizeof *lines);
    char *copy = pni_strdup(text), *out = text;
    size_t n = 0;
    for (char *line = copy, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        lines[n++] = line;
    }
    if (n)
        qsort(lines, n, sizeof *lines, pni_cmp_text);
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(lines[i]);
        memcpy(out, lines[i], len);
        out[len] = '\n';
        out += len + 1;
    }
    pni_free(copy);
    pni_free(lines);
}

char *it_query_sorted(pn_session *session, const pn_view_graph *graph, const char *sql) {
    char *rows = it_query(session, graph, sql);
    it_sort_lines(rows);
    return rows;
}

const char *it_path(const char *name) {
    static char paths[64][1024];
    static size_t next;
    char *path = paths[next++ % 64];
    PNI_AUTO_PTR(pni_text) joined = pni_path_join(t_tmpdir(), name);
    T_ASSERT(strlen(joined) < sizeof paths[0]);
    memcpy(path, joined, strlen(joined) + 1);
    return path;
}

void it_write(const char *name, const char *text) {
    const char *path = it_path(name);
    PNI_AUTO_PTR(pni_text) dir = pni_path_dir(path);
    IT_OK(pni_mkdirs(dir, err));
    IT_OK(pni_file_write(path, text, strlen(text), err));
}

void it_add(pn_catalog *catalog, const char *name, const char *format, const char *uri) {
    pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
    spec.name = name;
    spec.format = format;
    spec.uri = uri;
    IT_OK(pn_catalog_add(catalog, &spec, err));
}

pn_session *it_session(pn_catalog *catalog) {
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    pn_session *session = NULL;
    options.catalog = catalog;
    options.profile = "dev";
    IT_OK(pn_session_open(&options, &session, err));
    return session;
}
