/* SPDX-License-Identifier: Apache-2.0 */
/* The recorder: what is kept, what is dropped and counted, and how the consumer is woken. */
#include "base/record.h"
#include "t.h"

#include <pthread.h>

static void finding(pni_recorder *recorder, const char *message) {
    PNI_RECORD(recorder, PNI_RECORD_DIAGNOSTIC, pni_field_text("severity", "info"),
               pni_field_text("code", "test"), pni_field_text("message", message));
}

/* The rows of one kind; the others must be empty. */
static json_t *take_only(pni_recorder *recorder, pni_record_kind kind) {
    json_t *rows[PNI_RECORD_KINDS];
    (void)pni_recorder_take(recorder, 0, rows);
    for (pni_record_kind k = 0; k < PNI_RECORD_KINDS; k++)
        T_ASSERT(k == kind || !rows[k]);
    return rows[kind] ? rows[kind] : json_array();
}

static const pni_field *not_evaluated(void) {
    T_FAIL("an argument was evaluated although nobody listens");
    return NULL;
}

T_CASE(without_a_recorder_nothing_is_evaluated) {
    pni_recorder *nobody = NULL;
    PNI_RECORD(nobody, PNI_RECORD_DIAGNOSTIC, *not_evaluated());
    pni_record(NULL, PNI_RECORD_RUN, NULL, 0);
    pni_recorder_unref(pni_recorder_ref(NULL));
}

T_CASE(a_record_becomes_a_row) {
    PNI_AUTO_PTR(pni_recorder) recorder = pni_recorder_new(1u << 20);
    PNI_AUTO_PTR(json_t) texts = json_pack("[s, s]", "a", "s3://k:secret@b");
    PNI_AUTO_PTR(json_t) json = json_pack("{s:i, s:s}", "b", 1, "a", "x");
    int64_t before = pni_now_unix_ms();
    PNI_RECORD(recorder, PNI_RECORD_PLAN, pni_field_text("view_name", NULL),
               pni_field_text("plan_fingerprint", "f"), pni_field_json("components", json),
               pni_field_texts("referenced_tables", texts), pni_field_texts("required_udfs", texts),
               pni_field_json("schema", json), pni_field_int("substrait_bytes", 7));
    PNI_AUTO_PTR(json_t) rows = take_only(recorder, PNI_RECORD_PLAN);
    const json_t *row = json_array_get(rows, 0);
    T_EQ_UINT(json_array_size(rows), 1);
    T_ASSERT(!json_object_get(row, "view_name"));
    T_EQ_STR(pni_json_text(row, "components"), "{\"a\":\"x\",\"b\":1}");
    T_EQ_STR(json_string_value(json_array_get(json_object_get(row, "referenced_tables"), 1)),
             "s3://***@b");
    T_EQ_INT(json_integer_value(json_object_get(row, "substrait_bytes")), 7);
    T_EQ_STR(pni_json_text(row, "run_id"), pni_recorder_run_id(recorder));
    int64_t when = json_integer_value(json_object_get(row, "event_time_unix_ms"));
    T_ASSERT(when >= before && when <= pni_now_unix_ms());
    T_EQ_UINT(pni_recorder_dropped(recorder), 0);
}

T_CASE(a_run_id_is_a_uuid_of_version_7) {
    PNI_AUTO_PTR(pni_recorder) one = pni_recorder_new(1);
    PNI_AUTO_PTR(pni_recorder) two = pni_recorder_new(1);
    const char *id = pni_recorder_run_id(one);
    T_EQ_UINT(strlen(id), 36);
    T_EQ_UINT(strspn(id, "0123456789abcdef-"), 36);
    T_ASSERT(id[14] == '7' && strchr("89ab", id[19]));
    T_ASSERT(!pni_streq(id, pni_recorder_run_id(two)));
}

T_CASE(what_does_not_fit_its_table_is_counted) {
    PNI_AUTO_PTR(pni_recorder) recorder = pni_recorder_new(1u << 20);
    const char not_utf8[] = "\xff";
    PNI_RECORD(recorder, PNI_RECORD_DIAGNOSTIC, pni_field_text("code", "x")); /* no message */
    PNI_RECORD(recorder, PNI_RECORD_DIAGNOSTIC, pni_field_text("severity", "info"),
               pni_field_text("code", "x"), pni_field_text("message", "m"),
               pni_field_text("colour", "red")); /* no such column */
    PNI_RECORD(recorder, PNI_RECORD_DIAGNOSTIC, pni_field_text("severity", "info"),
               pni_field_int("code", 1), pni_field_text("message", "m")); /* another type */
    PNI_RECORD(recorder, PNI_RECORD_DIAGNOSTIC, pni_field_text("severity", "info"),
               pni_field_text("code", "x"), pni_field_text("message", "m"),
               pni_field_text("run_id", "mine")); /* the recorder's own */
    finding(recorder, not_utf8);
    T_EQ_UINT(pni_recorder_dropped(recorder), 5);
    finding(recorder, "good");
    PNI_AUTO_PTR(json_t) rows = take_only(recorder, PNI_RECORD_DIAGNOSTIC);
    T_EQ_UINT(json_array_size(rows), 1);
}

T_CASE(memory_is_bounded_and_drops_are_counted) {
    PNI_AUTO_PTR(pni_recorder) recorder = pni_recorder_new(10000);
    char text[1001];
    memset(text, 'x', sizeof text - 1);
    text[1000] = '\0';
    for (int i = 0; i < 100; i++)
        finding(recorder, text);
    PNI_AUTO_PTR(json_t) rows = take_only(recorder, PNI_RECORD_DIAGNOSTIC);
    size_t kept = json_array_size(rows);
    T_ASSERT(kept > 2 && kept < 10);
    T_EQ_UINT(kept + pni_recorder_dropped(recorder), 100);
    finding(recorder, text); /* there is room again */
    PNI_AUTO_PTR(json_t) more = take_only(recorder, PNI_RECORD_DIAGNOSTIC);
    T_EQ_UINT(json_array_size(more), 1);
}

T_CASE(decimals_and_error_numbers) {
    char number[16];
    PNI_AUTO_PTR(json_t) report = json_pack("{s:s, s:s}", "rows", "12", "odd", "-");
    T_EQ_INT(pni_field_decimal("c", report, "rows").number, 12);
    T_ASSERT(!pni_field_decimal("c", report, "odd").text);
    T_ASSERT(!pni_field_decimal("c", NULL, "rows").text);
    T_EQ_STR(pni_field_error("c", 4030, number).text, "PN4030");
    T_ASSERT(!pni_field_error("c", 0, number).text);
}

typedef struct consumer {
    pni_recorder *recorder;
    size_t rows;
    int takes;
} consumer;

static void *consume(void *ctx) {
    consumer *c = ctx;
    bool is_open = true;
    while (is_open) {
        json_t *rows[PNI_RECORD_KINDS];
        is_open = pni_recorder_take(c->recorder, 60000, rows); /* far longer than the test */
        for (int kind = 0; kind < PNI_RECORD_KINDS; kind++) {
            c->rows += json_array_size(rows[kind]);
            json_decref(rows[kind]);
        }
        c->takes++;
    }
    return NULL;
}

static void *produce(void *ctx) {
    for (int i = 0; i < 2000; i++)
        finding(ctx, "from a thread");
    return NULL;
}

/* Woken by the mark of a quarter and by closing, not by the time; nothing is lost or doubled. */
T_CASE(threads_record_while_one_takes) {
    PNI_AUTO_PTR(pni_recorder) recorder = pni_recorder_new(8u << 20);
    consumer c = {.recorder = recorder};
    pthread_t reader;
    pthread_t writers[4];
    T_EQ_INT(pthread_create(&reader, NULL, consume, &c), 0);
    for (int i = 0; i < 4; i++)
        T_EQ_INT(pthread_create(&writers[i], NULL, produce, recorder), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(writers[i], NULL);
    pni_recorder_close(recorder);
    pthread_join(reader, NULL);
    T_EQ_UINT(c.rows + pni_recorder_dropped(recorder), 8000);
    T_ASSERT(c.takes >= 1 && c.rows > 0);
    finding(recorder, "too late");
    T_ASSERT(pni_recorder_dropped(recorder) >= 1);
}

/* Every table has its own columns behind the common ones, and no name stands twice. */
T_CASE(the_tables_are_sound) {
    for (pni_record_kind kind = 0; kind < PNI_RECORD_KINDS; kind++) {
        PNI_AUTO_PTR(pni_map) seen = pni_map_new();
        const pni_record_column *column;
        size_t i = 0;
        for (; (column = pni_record_column_at(kind, i)); i++) {
            T_ASSERT(!pni_map_has(seen, column->name));
            T_ASSERT((i < 3) == (column->kind == PNI_RECORD_ANY));
            T_ASSERT(*column->about);
            pni_map_put(seen, column->name, seen);
        }
        T_ASSERT(i > 3);
        T_ASSERT(*pni_record_table(kind) && *pni_record_about(kind));
    }
}
