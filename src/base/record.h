/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record: what happened, as typed rows. Any module says so with PNI_RECORD(); somebody may listen.
 *
 * A recorder holds rows in bounded memory until its one consumer takes them. Without a recorder
 * (NULL) PNI_RECORD() is one comparison: its arguments are not evaluated. Recording cannot fail: a
 * row that finds no room, or that does not fit its table, is dropped and counted. Texts lose their
 * credentials here (pni_redact), so nothing behind a recorder sees one. The only clock of a record
 * is the time it was made; it enters no identity.
 */
#ifndef PNI_RECORD_H
#define PNI_RECORD_H

#include "base/base.h"

typedef enum pni_record_kind {
#define TABLE(kind, name, about) PNI_RECORD_##kind,
#define COLUMN(kind, name, type, null, about)
#include "base/records.def"
#undef TABLE
#undef COLUMN
    PNI_RECORD_KINDS,
    PNI_RECORD_ANY = PNI_RECORD_KINDS,
} pni_record_kind;

typedef enum pni_record_type {
    PNI_RECORD_TEXT,
    PNI_RECORD_INT,
    PNI_RECORD_BOOL,
    PNI_RECORD_TEXTS,
    PNI_RECORD_JSON,
    PNI_RECORD_DATE,
} pni_record_type;

typedef struct pni_record_column {
    pni_record_kind kind; /* PNI_RECORD_ANY: of every table */
    const char *name;
    pni_record_type type;
    bool is_nullable;
    const char *about;
} pni_record_column;

const char *pni_record_table(pni_record_kind kind);
const char *pni_record_about(pni_record_kind kind);
/* Column `index` of a table, those of PNI_RECORD_ANY first; NULL past the end. */
const pni_record_column *pni_record_column_at(pni_record_kind kind, size_t index);

/* One value. A column that is not given, or is given as NULL, is null. */
typedef struct pni_field {
    const char *column;
    pni_record_type type;
    const char *text;
    int64_t number;
    const json_t *json;
} pni_field;

static inline pni_field pni_field_text(const char *column, const char *text) {
    return (pni_field){.column = column, .type = PNI_RECORD_TEXT, .text = text};
}
static inline pni_field pni_field_int(const char *column, int64_t number) {
    return (pni_field){.column = column, .type = PNI_RECORD_INT, .number = number};
}
static inline pni_field pni_field_bool(const char *column, bool value) {
    return (pni_field){.column = column, .type = PNI_RECORD_BOOL, .number = value};
}
/* An array of texts; borrowed for the call. */
static inline pni_field pni_field_texts(const char *column, const json_t *texts) {
    return (pni_field){.column = column, .type = PNI_RECORD_TEXTS, .json = texts};
}
static inline pni_field pni_field_json(const char *column, const json_t *json) {
    return (pni_field){.column = column, .type = PNI_RECORD_JSON, .json = json};
}
/* A decimal text such as the engine gives, as a number; null when there is none. */
pni_field pni_field_decimal(const char *column, const json_t *object, const char *key);
/* PNdnnn of an error number; null for 0. `buf` holds the text for the call. */
pni_field pni_field_error(const char *column, int32_t number, char buf[16]);

typedef struct pni_recorder pni_recorder;

#define PNI_RECORDER_BYTES (32u << 20)

pni_recorder *pni_recorder_new(size_t max_bytes);
pni_recorder *pni_recorder_ref(pni_recorder *recorder); /* NULL stays NULL */
void pni_recorder_unref(pni_recorder *recorder);
PNI_DEFINE_AUTO_PTR(pni_recorder, pni_recorder_unref)
const char *pni_recorder_run_id(const pni_recorder *recorder);

/* Any thread. `recorder` may be NULL. Takes what it needs; never fails. */
void pni_record(pni_recorder *recorder, pni_record_kind kind, const pni_field *fields,
                size_t count);
/* PNI_RECORD(recorder, PNI_RECORD_DIAGNOSTIC, pni_field_text("code", …), …) */
#define PNI_RECORD(recorder, kind, ...)                                                            \
    do {                                                                                           \
        pni_recorder *pni_recorder_ = (recorder);                                                  \
        if (pni_recorder_) {                                                                       \
            const pni_field pni_fields_[] = {__VA_ARGS__};                                         \
            pni_record(pni_recorder_, (kind), pni_fields_,                                         \
                       sizeof pni_fields_ / sizeof *pni_fields_);                                  \
        }                                                                                          \
    } while (0)

/* ---- the consumer -------------------------------------------------------------------------- */

/*
 * Moves out what was recorded, an array of row objects per kind or NULL, once a quarter of the room
 * is taken, `wait_ms` have passed or the recorder was closed. False: closed, and these were the
 * last rows.
 */
bool pni_recorder_take(pni_recorder *recorder, uint32_t wait_ms,
                       json_t *rows_out[PNI_RECORD_KINDS]);
void pni_recorder_close(pni_recorder *recorder); /* what is recorded afterwards is dropped */
uint64_t pni_recorder_dropped(pni_recorder *recorder);
/* The wall clock, in milliseconds since 1970. */
int64_t pni_now_unix_ms(void);
int64_t pni_now_ms(void); /* never set back; of no day */

#endif
