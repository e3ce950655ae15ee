/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a recorder to Delta tables, in a thread of its own: whoever records never waits for a disk.
 * The thread takes what is there soon at first, so that most is written before the run ends, then
 * less often, so that a long one leaves few files; besides when much has come, and at the end. Each
 * batch of a table is one append. Delta makes an append visible in one step, so a process that is
 * killed loses the rows since the last batch and nothing else. An append that loses a race is tried
 * again; one that fails otherwise costs its rows, which are counted, and the run goes on.
 */
#include "base/formats.h"
#include "store/store_priv.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#define FIRST_WAIT_MS 500u
#define LAST_WAIT_MS 16000u
#define TRIES 10

struct pni_store_writer {
    char *project_dir;
    pni_recorder *recorder;
    pni_engine_session *session; /* of the thread; NULL until the first batch */
    pni_store_written written;   /* of the thread, until it is joined */
    pthread_t thread;
};

pn_status store_session(pni_engine_session **out, pn_error *err) {
    PNI_AUTO_PTR(json_t)
    settings = json_pack("{s:{s:s}}", "config", "datafusion.execution.target_partitions", "1");
    return pni_engine_session_new(settings, out, err);
}

static void add_dates(json_t *rows) {
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) {
        char date[16];
        pni_store_date(json_integer_value(json_object_get(row, "event_time_unix_ms")), date);
        json_object_set_new(row, STORE_PARTITION, json_string(date));
    }
}

static pn_status table_of_rows(const pni_engine_session *session, pni_record_kind kind,
                               const json_t *rows, pni_engine_table **out, pn_error *err) {
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY batch = {0};
    struct ArrowArrayStream stream = {0};
    pni_store_schema(kind, &schema);
    PNI_TRY(pni_arrow_batch_from_json(rows, &schema, &batch, err));
    PNI_TRY(pni_arrow_stream_of_batch(&schema, &batch, &stream, err));
    return pni_engine_table_from_stream(session, &stream, false, out, err);
}

static pn_status append_once(const pni_store_writer *writer, const pni_engine_table *rows,
                             const char *uri, pn_error *err) {
    char format[16];
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(json_t) report = NULL;
    snprintf(format, sizeof format, "%d", PNI_FORMAT_STORE);
    PNI_AUTO_PTR(json_t)
    request = json_pack("{s:s, s:s, s:s, s:s, s:[s], s:{s:s}}", "format", "delta", "uri", uri,
                        "mode", "append", "schema_mode", "merge", "partition_by", STORE_PARTITION,
                        "commit_metadata", "pinion.store", format);
    PNI_TRY(pni_engine_plan_table(writer->session, rows, &plan, err));
    return pni_engine_plan_write(plan, request, NULL, &report, err);
}

static pn_status append(pni_store_writer *writer, pni_record_kind kind, json_t *rows,
                        pn_error *err) {
    PNI_AUTO_PTR(pni_engine_table) table = NULL;
    PNI_AUTO_PTR(pni_text) uri = pni_store_path(writer->project_dir, pni_record_table(kind));
    add_dates(rows);
    if (!writer->session)
        PNI_TRY(store_session(&writer->session, err));
    PNI_TRY(table_of_rows(writer->session, kind, rows, &table, err));
    pn_status status = append_once(writer, table, uri, err);
    for (int i = 1; i < TRIES && status == PN_CONFLICT; i++) {
        nanosleep(&(struct timespec){.tv_nsec = i * 10000000L}, NULL);
        *err = PN_ERROR_INIT;
        status = append_once(writer, table, uri, err);
    }
    return status;
}

static void write_rows(pni_store_writer *writer, pni_record_kind kind, json_t *rows) {
    pn_error err = PN_ERROR_INIT;
    size_t count = json_array_size(rows);
    if (append(writer, kind, rows, &err) == PN_OK) {
        writer->written.rows += count;
        return;
    }
    pni_logf("%zu rows of table '%s' are not recorded: %s", count, pni_record_table(kind),
             err.message);
    if (!writer->written.lost)
        writer->written.error = err;
    writer->written.lost += count;
}

/* A row that says how many rows are missing, so that the store itself tells. */
static void add_drops(const pni_store_writer *writer, json_t *rows[PNI_RECORD_KINDS]) {
    uint64_t dropped = pni_recorder_dropped(writer->recorder);
    char message[96];
    if (!dropped)
        return;
    snprintf(message, sizeof message, "%llu records found no room or did not fit their table",
             (unsigned long long)dropped);
    if (!rows[PNI_RECORD_DIAGNOSTIC])
        rows[PNI_RECORD_DIAGNOSTIC] = json_array();
    json_array_append_new(rows[PNI_RECORD_DIAGNOSTIC],
                          json_pack("{s:I, s:s, s:s, s:s, s:s}", "event_time_unix_ms",
                                    (json_int_t)pni_now_unix_ms(), "run_id",
                                    pni_recorder_run_id(writer->recorder), "severity", "warning",
                                    "code", "records_dropped", "message", message));
}

static void *work(void *ctx) {
    pni_store_writer *writer = ctx;
    bool is_open = true;
    for (uint32_t wait_ms = FIRST_WAIT_MS; is_open;
         wait_ms = wait_ms < LAST_WAIT_MS ? wait_ms * 2 : LAST_WAIT_MS) {
        json_t *rows[PNI_RECORD_KINDS] = {NULL};
        is_open = pni_recorder_take(writer->recorder, wait_ms, rows);
        if (!is_open)
            add_drops(writer, rows);
        for (pni_record_kind kind = 0; kind < PNI_RECORD_KINDS; kind++) {
            if (rows[kind])
                write_rows(writer, kind, rows[kind]);
            json_decref(rows[kind]);
        }
    }
    pni_engine_session_free(pni_take(writer->session));
    return NULL;
}

pni_store_writer *pni_store_writer_start(const char *project_dir, pni_recorder *recorder) {
    pni_store_writer *writer = pni_calloc(1, sizeof *writer);
    writer->project_dir = pni_strdup(project_dir);
    writer->recorder = pni_recorder_ref(recorder);
    if (pthread_create(&writer->thread, NULL, work, writer) == 0)
        return writer;
    pni_recorder_close(recorder);
    pni_recorder_unref(writer->recorder);
    pni_free(writer->project_dir);
    pni_free(writer);
    return NULL;
}

void pni_store_writer_stop(pni_store_writer *writer, pni_store_written *out) {
    pni_recorder_close(writer->recorder);
    pthread_join(writer->thread, NULL);
    writer->written.dropped = pni_recorder_dropped(writer->recorder);
    *out = writer->written;
    pni_recorder_unref(writer->recorder);
    pni_free(writer->project_dir);
    pni_free(writer);
}
