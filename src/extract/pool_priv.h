/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the pool: what worker.c (one process) and pool.c (queue, order, loop) share. */
#ifndef PNI_CPG_POOL_PRIV_H
#define PNI_CPG_POOL_PRIV_H

#include "extract/extract.h"

#define WORKER_TASKS_MAX 2u

/* Files first .. first + count - 1 of a chunk. A retry is one file, sent alone to a fresh process.
 */
typedef struct pni_task {
    pni_chunk *chunk;
    size_t first;
    size_t count;
    bool retry;
} pni_task;

typedef struct pni_worker {
    char *name; /* of its folder */
    char *cwd;
    pni_process process; /* pid 0 = to be started on demand */
    bool used;           /* it has been sent something */
    pni_frame_reader reader;
    pn_buf pending;                   /* read, but of the answer after the current one */
    pni_answer answer;                /* to tasks[0], when it is complete */
    pni_task tasks[WORKER_TASKS_MAX]; /* in the order they were sent */
    unsigned n_tasks;
    pn_buf out; /* requests not yet written */
    size_t out_at;
    int64_t deadline_ms; /* of tasks[0] */
} pni_worker;

typedef enum pni_worker_event {
    PNI_WORKER_WAITING,
    PNI_WORKER_ANSWERED, /* `answer` is to tasks[0] */
    PNI_WORKER_DIED,
    PNI_WORKER_GARBAGE, /* err says why */
} pni_worker_event;

void pni_worker_init(pni_worker *worker, const pni_pool_options *options, unsigned number);
void pni_worker_dispose(pni_worker *worker); /* kills the process, removes the folder */
pn_status pni_worker_start(pni_worker *worker, const pni_pool_options *options, pn_error *err);
/* Stops the process, forgets half an answer; the tasks stay for the caller to deal with. */
void pni_worker_stop(pni_worker *worker, int grace_ms, char how[64]);
void pni_worker_send(pni_worker *worker, const pni_task *task, int64_t timeout_ms);
void pni_worker_write(pni_worker *worker);
pni_worker_event pni_worker_read(pni_worker *worker, uint8_t *block, size_t block_size,
                                 pn_error *err);
/* The last words on its stderr, for a message; at most a few hundred bytes. */
void pni_worker_last_words(const pni_worker *worker, pn_buf *out);

#endif
