/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store: what was recorded, as Delta tables in a project's `.pinion/artifacts/`. A writer moves
 * rows from a recorder to the tables in a thread of its own. See README.md.
 */
#ifndef PNI_STORE_H
#define PNI_STORE_H

#include "pinion/store.h"

#include "base/record.h"
#include "dataset/dataset.h"

/* `<project>/.pinion/artifacts[/<table>]`; pni_free() it. */
char *pni_store_path(const char *project_dir, const char *table);

/* The Arrow schema of a table, in the order of records.def. */
void pni_store_schema(pni_record_kind kind, struct ArrowSchema *out);

/* "YYYY-MM-DD" of a time in UTC. */
void pni_store_date(int64_t unix_ms, char out[16]);

typedef struct pni_store_writer pni_store_writer;

/* What a writer did. `lost` rows could not be written, for the reason in `error`. */
typedef struct pni_store_written {
    uint64_t rows;
    uint64_t lost;
    uint64_t dropped; /* found no room in the recorder */
    pn_error error;
} pni_store_written;

/* Starts the thread. Takes a reference of the recorder. NULL when there can be no thread: nothing
 * is recorded then. */
pni_store_writer *pni_store_writer_start(const char *project_dir, pni_recorder *recorder);
/* Closes the recorder, writes what is left, ends the thread and frees the writer. */
void pni_store_writer_stop(pni_store_writer *writer, pni_store_written *out);

#endif
