/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recorder. A row is made outside the lock, from borrowed values to a JSON object that owns
 * them; the lock is held for one push. So a thread that records waits for another only for that
 * long, and never for the consumer's writing. Room is counted in bytes of text plus a flat price
 * per value, which is near enough to what jansson takes.
 */
#define _GNU_SOURCE
#include "base/record.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define VALUE_BYTES 96u /* a jansson value with its place in an object */
#define NOT_NULL false
#define NULLABLE true

static const pni_record_column columns[] = {
#define TABLE(kind, name, about)
#define COLUMN(kind, name, type, null, about)                                                      \
    {PNI_RECORD_##kind, name, PNI_RECORD_##type, null, about},
#include "base/records.def"
#undef TABLE
#undef COLUMN
};

static const struct {
    const char *name;
    const char *about;
} tables[] = {
#define TABLE(kind, name, about) {name, about},
#define COLUMN(kind, name, type, null, about)
#include "base/records.def"
#undef TABLE
#undef COLUMN
};

const char *pni_record_table(pni_record_kind kind) {
    return tables[kind].name;
}

const char *pni_record_about(pni_record_kind kind) {
    return tables[kind].about;
}

const pni_record_column *pni_record_column_at(pni_record_kind kind, size_t index) {
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        if ((columns[i].kind == kind || columns[i].kind == PNI_RECORD_ANY) && index-- == 0)
            return &columns[i];
    return NULL;
}

struct pni_recorder {
    atomic_int refs;
    char run_id[37];
    size_t max_bytes;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t wake;
    json_t *rows[PNI_RECORD_KINDS];
    size_t bytes;
    uint64_t dropped;
    bool is_closed;
};

int64_t pni_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t pni_now_unix_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* RFC 9562, version 7: sorts by time of creation. */
static void make_run_id(char out[37]) {
    uint8_t b[16];
    int64_t ms = pni_now_unix_ms();
    ssize_t got = getrandom(b, sizeof b, 0);
    if (got != (ssize_t)sizeof b) { /* a sandbox without getrandom(); uniqueness is all we need */
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        uint64_t mix[2] = {(uint64_t)now.tv_nsec * UINT64_C(0x9E3779B97F4A7C15),
                           (uint64_t)getpid() ^ (uint64_t)(uintptr_t)out};
        memcpy(b, mix, sizeof b);
    }
    for (int i = 0; i < 6; i++)
        b[i] = (uint8_t)(ms >> (40 - 8 * i));
    b[6] = (uint8_t)(0x70 | (b[6] & 0x0F));
    b[8] = (uint8_t)(0x80 | (b[8] & 0x3F));
    for (int i = 0, at = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        at += snprintf(out + at, 3, "%02x", b[i]);
    }
}

pni_recorder *pni_recorder_new(size_t max_bytes) {
    pni_recorder *recorder = pni_calloc(1, sizeof *recorder);
    pthread_condattr_t attr;
    atomic_init(&recorder->refs, 1);
    recorder->max_bytes = max_bytes;
    make_run_id(recorder->run_id);
    pthread_mutex_init(&recorder->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&recorder->wake, &attr);
    pthread_condattr_destroy(&attr);
    return recorder;
}

pni_recorder *pni_recorder_ref(pni_recorder *recorder) {
    if (recorder)
        atomic_fetch_add(&recorder->refs, 1);
    return recorder;
}

void pni_recorder_unref(pni_recorder *recorder) {
    if (!recorder || atomic_fetch_sub(&recorder->refs, 1) != 1)
        return;
    for (int kind = 0; kind < PNI_RECORD_KINDS; kind++)
        json_decref(recorder->rows[kind]);
    pthread_cond_destroy(&recorder->wake);
    pthread_mutex_destroy(&recorder->lock);
    pni_free(recorder);
}

const char *pni_recorder_run_id(const pni_recorder *recorder) {
    return recorder->run_id;
}

pni_field pni_field_decimal(const char *column, const json_t *object, const char *key) {
    uint64_t number;
    if (!pni_json_u64_of(object, key, &number) || number > INT64_MAX)
        return pni_field_text(column, NULL);
    return pni_field_int(column, (int64_t)number);
}

pni_field pni_field_error(const char *column, int32_t number, char buf[16]) {
    if (!number)
        return pni_field_text(column, NULL);
    snprintf(buf, 16, "PN%04d", number);
    return pni_field_text(column, buf);
}

/* ---- a row --------------------------------------------------------------------------------- */

static bool is_null(const pni_field *field) {
    switch (field->type) {
    case PNI_RECORD_TEXT:
        return !field->text;
    case PNI_RECORD_TEXTS:
    case PNI_RECORD_JSON:
        return !field->json;
    case PNI_RECORD_INT:
    case PNI_RECORD_BOOL:
    case PNI_RECORD_DATE:
        break;
    }
    return false;
}

static json_t *text_value(const char *text, size_t len, size_t *bytes) {
    PNI_AUTO(pn_buf) clean = PN_BUF_INIT;
    pni_redact(text, len, &clean);
    *bytes += clean.len;
    return json_stringn(pni_buf_text(&clean), clean.len); /* NULL when it is not UTF-8 */
}

static json_t *texts_value(const json_t *texts, size_t *bytes) {
    json_t *list = json_array();
    size_t i;
    json_t *text;
    json_array_foreach((json_t *)(uintptr_t)texts, i, text) {
        *bytes += VALUE_BYTES;
        json_array_append_new(list,
                              text_value(json_string_value(text), json_string_length(text), bytes));
    }
    return list;
}

static json_t *value_of(const pni_field *field, size_t *bytes) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    switch (field->type) {
    case PNI_RECORD_TEXT:
        return text_value(field->text, strlen(field->text), bytes);
    case PNI_RECORD_TEXTS:
        return texts_value(field->json, bytes);
    case PNI_RECORD_JSON:
        if (pni_json_canonical(field->json, &text, NULL) != PN_OK)
            return NULL;
        return text_value(pni_buf_text(&text), text.len, bytes);
    case PNI_RECORD_BOOL:
        return json_boolean(field->number);
    case PNI_RECORD_INT:
    case PNI_RECORD_DATE:
        break;
    }
    return json_integer(field->number);
}

static const pni_record_column *find_column(pni_record_kind kind, const char *name) {
    const pni_record_column *column;
    for (size_t i = 0; (column = pni_record_column_at(kind, i)); i++)
        if (column->kind == kind && pni_streq(column->name, name))
            return column;
    return NULL;
}

static bool has_required(const json_t *row, pni_record_kind kind) {
    const pni_record_column *column;
    for (size_t i = 0; (column = pni_record_column_at(kind, i)); i++)
        if (column->kind == kind && !column->is_nullable && !json_object_get(row, column->name))
            return false;
    return true;
}

/* NULL when a value fits no column, or a column that must be there is not. */
static json_t *make_row(const pni_recorder *recorder, pni_record_kind kind, const pni_field *fields,
                        size_t count, size_t *bytes) {
    PNI_AUTO_PTR(json_t) row = json_object();
    for (size_t i = 0; i < count; i++) {
        if (is_null(&fields[i]))
            continue;
        const pni_record_column *column = find_column(kind, fields[i].column);
        if (!column || column->type != fields[i].type)
            return NULL;
        json_t *value = value_of(&fields[i], bytes);
        if (!value || json_object_set_new(row, column->name, value) != 0)
            return NULL;
        *bytes += VALUE_BYTES;
    }
    if (!has_required(row, kind))
        return NULL;
    json_object_set_new(row, "event_time_unix_ms", json_integer(pni_now_unix_ms()));
    json_object_set_new(row, "run_id", json_string(recorder->run_id));
    *bytes += (size_t)3 * VALUE_BYTES;
    return pni_take(row);
}

/* Under the lock; takes the row. */
static void push(pni_recorder *recorder, pni_record_kind kind, json_t *row, size_t bytes) {
    if (!row || recorder->is_closed || bytes > recorder->max_bytes - recorder->bytes) {
        recorder->dropped++;
        json_decref(row);
        return;
    }
    if (!recorder->rows[kind])
        recorder->rows[kind] = json_array();
    json_array_append_new(recorder->rows[kind], row);
    recorder->bytes += bytes;
    if (recorder->bytes > recorder->max_bytes / 4)
        pthread_cond_signal(&recorder->wake);
}

void pni_record(pni_recorder *recorder, pni_record_kind kind, const pni_field *fields,
                size_t count) {
    size_t bytes = 0;
    if (!recorder)
        return;
    json_t *row = make_row(recorder, kind, fields, count, &bytes);
    pthread_mutex_lock(&recorder->lock);
    push(recorder, kind, row, bytes);
    pthread_mutex_unlock(&recorder->lock);
}

/* ---- the consumer -------------------------------------------------------------------------- */

bool pni_recorder_take(pni_recorder *recorder, uint32_t wait_ms,
                       json_t *rows_out[PNI_RECORD_KINDS]) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&recorder->lock);
    int waited = 0;
    while (!recorder->is_closed && recorder->bytes <= recorder->max_bytes / 4 &&
           waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&recorder->wake, &recorder->lock, &until);
    memcpy(rows_out, recorder->rows, sizeof recorder->rows);
    memset(recorder->rows, 0, sizeof recorder->rows);
    recorder->bytes = 0;
    bool is_open = !recorder->is_closed;
    pthread_mutex_unlock(&recorder->lock);
    return is_open;
}

void pni_recorder_close(pni_recorder *recorder) {
    pthread_mutex_lock(&recorder->lock);
    recorder->is_closed = true;
    pthread_cond_signal(&recorder->wake);
    pthread_mutex_unlock(&recorder->lock);
}

uint64_t pni_recorder_dropped(pni_recorder *recorder) {
    pthread_mutex_lock(&recorder->lock);
    uint64_t dropped = recorder->dropped;
    pthread_mutex_unlock(&recorder->lock);
    return dropped;
}
