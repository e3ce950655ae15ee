/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool: chunks in, results out in the same order, whatever the number of workers and whoever is
 * fastest. A chunk goes to any worker with room; its results wait in its slot until all earlier
 * slots are delivered. The number of slots is bounded, and no chunk is read before every pool has a
 * free one: that is the back-pressure.
 *
 * A worker that dies, hangs or answers nonsense is killed. The request it was at is cut into single
 * files, each of which gets a fresh process to itself; a file that spoils that one too is failed.
 * Requests behind it start anew elsewhere.
 */
#include "extract/pool_priv.h"

#include <poll.h>
#include <stdlib.h>

#define BLOCK_BYTES (256u << 10)
#define TURN_MS 100
#define DEATH_GRACE_MS 2000

typedef struct slot_result {
    size_t first;
    void *value;
} slot_result;

typedef struct slot {
    pni_chunk *chunk;
    size_t open_tasks;
    PNI_VEC(slot_result) results;
} slot;

struct pni_pool {
    pni_pool_options options;
    pni_worker *workers;
    PNI_VEC(pni_task) queue;
    PNI_VEC(slot) slots; /* by chunk index; the first is the next to be delivered */
    pni_pool_counts counts;
    json_t *tool;
};

typedef struct run_ctx {
    pni_pool *const *pools;
    size_t n_pools;
    const pni_extract_sink *sink;
    const pn_cancel *cancel;
    uint8_t *block;
    bool exhausted; /* no more chunks */
} run_ctx;

pni_chunk *pni_chunk_new(size_t index) {
    pni_chunk *chunk = pni_calloc(1, sizeof *chunk);
    chunk->index = index;
    chunk->refs = 1;
    return chunk;
}

void pni_chunk_unref(pni_chunk *chunk) {
    if (chunk != NULL && --chunk->refs == 0) {
        pn_buf_dispose(&chunk->bytes);
        pni_free(chunk);
    }
}

/* ---- slots and queue ----------------------------------------------------------------------- */

static bool has_room(const pni_pool *pool) {
    return pool->slots.count < (size_t)pool->options.workers * WORKER_TASKS_MAX;
}

static void enqueue(pni_pool *pool, pni_chunk *chunk) {
    chunk->refs++;
    slot s = {.chunk = chunk, .open_tasks = 1};
    pni_vec_push(&pool->slots, s);
    const pni_task task = {chunk, 0, chunk->n_files, false};
    pni_vec_push(&pool->queue, task);
}

static slot *slot_of(pni_pool *pool, const pni_chunk *chunk) {
    for (size_t i = 0; i < pool->slots.count; i++) {
        if (pool->slots.items[i].chunk == chunk) {
            return &pool->slots.items[i];
        }
    }
    pni_assert(!"a task has a slot");
    return NULL;
}

static bool is_earlier(const pni_task *a, const pni_task *b) {
    return a->chunk->index != b->chunk->index ? a->chunk->index < b->chunk->index
                                              : a->first < b->first;
}

/* The earliest task that a worker may take: a retry only goes to one that is idle. */
static bool pop_task(pni_pool *pool, bool idle, pni_task *out) {
    size_t best = pool->queue.count;
    for (size_t i = 0; i < pool->queue.count; i++) {
        const bool allowed = idle || !pool->queue.items[i].retry;
        if (allowed && (best == pool->queue.count ||
                        is_earlier(&pool->queue.items[i], &pool->queue.items[best]))) {
            best = i;
        }
    }
    if (best == pool->queue.count) {
        return false;
    }
    *out = pool->queue.items[best];
    pool->queue.items[best] = pool->queue.items[--pool->queue.count];
    return true;
}

static void add_result(pni_pool *pool, const pni_task *task, void *value) {
    slot *s = slot_of(pool, task->chunk);
    const slot_result result = {task->first, value};
    pni_vec_push(&s->results, result);
    s->open_tasks--;
}

/* ---- workers ------------------------------------------------------------------------------- */

static pn_status give(pni_pool *pool, pni_worker *worker, const pni_task *task, pn_error *err) {
    if (task->retry && worker->process.pid != 0 && worker->used) {
        char how[64];
        pni_worker_stop(worker, 0, how);
    }
    if (worker->process.pid == 0) {
        PNI_TRY(pni_worker_start(worker, &pool->options, err));
    }
    pni_worker_send(worker, task, pool->options.file_timeout_ms);
    pni_worker_write(worker);
    return PN_OK;
}

/* Idle workers first, then those with one request, so that small repositories use all of them. */
static pn_status assign(pni_pool *pool, pn_error *err) {
    for (unsigned level = 0; level < WORKER_TASKS_MAX; level++) {
        for (unsigned i = 0; i < pool->options.workers; i++) {
            pni_worker *worker = &pool->workers[i];
            const bool alone = worker->n_tasks > 0 && worker->tasks[0].retry;
            pni_task task;
            if (worker->n_tasks == level && !alone && pop_task(pool, level == 0, &task)) {
                PNI_TRY(give(pool, worker, &task, err));
            }
        }
    }
    return PN_OK;
}

static void split(pni_pool *pool, const pni_task *task) {
    slot_of(pool, task->chunk)->open_tasks += task->count - 1;
    for (size_t i = 0; i < task->count; i++) {
        const pni_task single = {task->chunk, task->first + i, 1, true};
        pni_vec_push(&pool->queue, single);
    }
}

/* The worker is stopped already. tasks[0] is to blame, unless nothing was asked. */
static pn_status blame(run_ctx *run, size_t index, pni_worker *worker, const char *type,
                       const char *message, pn_error *err) {
    pni_pool *pool = run->pools[index];
    pool->counts.restarts++;
    pni_logf("extractor %s: %s: %s", worker->name, type, message);
    const unsigned n_tasks = worker->n_tasks;
    worker->n_tasks = 0;
    for (unsigned i = 1; i < n_tasks; i++) {
        pni_vec_push(&pool->queue, worker->tasks[i]);
    }
    if (n_tasks == 0) {
        return PN_OK;
    }
    const pni_task task = worker->tasks[0];
    if (!task.retry) {
        split(pool, &task);
        return PN_OK;
    }
    void *value = NULL;
    const pni_part part = {index, task.chunk, task.first, 1};
    const pni_file_outcome why = {type, message};
    PNI_TRY(run->sink->fail(run->sink->ctx, &part, &why, &value, err));
    pool->counts.errors++;
    pool->counts.files++;
    add_result(pool, &task, value);
    return PN_OK;
}

static pn_status on_death(run_ctx *run, size_t index, pni_worker *worker, pn_error *err) {
    char how[64] = "";
    char message[128];
    pni_worker_stop(worker, DEATH_GRACE_MS, how);
    if (pni_log_enabled()) {
        PNI_AUTO(pn_buf) words = PN_BUF_INIT;
        pni_worker_last_words(worker, &words);
        pni_logf("extractor %s said: %s", worker->name, pni_buf_text(&words));
    }
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_buf_printf(&text, "the extractor ended with %s", how);
    pni_assert(text.len < sizeof message);
    memcpy(message, pni_buf_text(&text), text.len + 1);
    return blame(run, index, worker, "ExtractorCrash", message, err);
}

static pn_status on_timeout(run_ctx *run, size_t index, pni_worker *worker, pn_error *err) {
    char how[64];
    pni_worker_stop(worker, 0, how);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_buf_printf(&text, "the extractor gave no answer within %lld ms",
                   (long long)run->pools[index]->options.file_timeout_ms);
    return blame(run, index, worker, "ExtractorTimeout", pni_buf_text(&text), err);
}

static pn_status on_garbage(run_ctx *run, size_t index, pni_worker *worker, const pn_error *why,
                            pn_error *err) {
    char how[64];
    pni_worker_stop(worker, 0, how);
    return blame(run, index, worker, "ExtractorAnswer", why->message, err);
}

static void count_answer(pni_pool *pool, const pni_answer *answer, size_t n_files) {
    pool->counts.files += n_files;
    for (size_t i = 0; i < n_files; i++) {
        pool->counts.errors += pni_answer_outcome(answer, i).error_type != NULL ? 1 : 0;
    }
}

static pn_status on_answer(run_ctx *run, size_t index, pni_worker *worker, pn_error *err) {
    pni_pool *pool = run->pools[index];
    const pni_task task = worker->tasks[0];
    PNI_AUTO(pni_answer) answer = worker->answer;
    worker->answer = (pni_answer){0};
    void *value = NULL;
    pn_error why = PN_ERROR_INIT;
    const pni_part part = {index, task.chunk, task.first, task.count};
    const pn_status status = run->sink->accept(run->sink->ctx, &part, &answer, &value, &why);
    if (status == PN_CORRUPT || status == PN_LIMIT) {
        return on_garbage(run, index, worker, &why, err);
    }
    if (status != PN_OK) {
        if (err != NULL) {
            *err = why;
        }
        return status;
    }
    count_answer(pool, &answer, task.count);
    worker->n_tasks--;
    worker->tasks[0] = worker->tasks[1];
    worker->deadline_ms = pni_now_ms() + pool->options.file_timeout_ms;
    add_result(pool, &task, value);
    return PN_OK;
}

/* Reads what is there; several answers may be. */
static pn_status serve_output(run_ctx *run, size_t index, pni_worker *worker, pn_error *err) {
    for (;;) {
        pn_error why = PN_ERROR_INIT;
        switch (pni_worker_read(worker, run->block, BLOCK_BYTES, &why)) {
        case PNI_WORKER_WAITING:
            return PN_OK;
        case PNI_WORKER_DIED:
            return on_death(run, index, worker, err);
        case PNI_WORKER_GARBAGE:
            return on_garbage(run, index, worker, &why, err);
        case PNI_WORKER_ANSWERED:
            break;
        }
        PNI_TRY(on_answer(run, index, worker, err));
        if (worker->process.pid == 0) {
            return PN_OK; /* the answer was bad and the process is gone */
        }
    }
}

/* ---- the loop ------------------------------------------------------------------------------ */

static int compare_results(const void *a, const void *b) {
    const size_t x = ((const slot_result *)a)->first;
    const size_t y = ((const slot_result *)b)->first;
    return x < y ? -1 : x > y;
}

static pn_status deliver_first(run_ctx *run, size_t index, pn_error *err) {
    pni_pool *pool = run->pools[index];
    slot *s = &pool->slots.items[0];
    qsort(s->results.items, s->results.count, sizeof *s->results.items, compare_results);
    for (size_t i = 0; i < s->results.count; i++) {
        void *value = pni_take(s->results.items[i].value);
        PNI_TRY(run->sink->deliver(run->sink->ctx, index, s->chunk, value, err));
    }
    pni_vec_dispose(&s->results);
    pni_chunk_unref(s->chunk);
    pool->slots.count--;
    memmove(s, s + 1, pool->slots.count * sizeof *s);
    return PN_OK;
}

static pn_status deliver(run_ctx *run, pn_error *err) {
    for (size_t i = 0; i < run->n_pools; i++) {
        pni_pool *pool = run->pools[i];
        while (pool->slots.count > 0 && pool->slots.items[0].open_tasks == 0) {
            PNI_TRY(deliver_first(run, i, err));
        }
    }
    return PN_OK;
}

static pn_status fill(run_ctx *run, pn_error *err) {
    while (!run->exhausted) {
        for (size_t i = 0; i < run->n_pools; i++) {
            if (!has_room(run->pools[i])) {
                return PN_OK;
            }
        }
        pni_chunk *chunk = NULL;
        PNI_TRY(run->sink->next(run->sink->ctx, &chunk, err));
        run->exhausted = chunk == NULL;
        for (size_t i = 0; chunk != NULL && i < run->n_pools; i++) {
            enqueue(run->pools[i], chunk);
        }
        pni_chunk_unref(chunk);
        for (size_t i = 0; i < run->n_pools; i++) {
            PNI_TRY(assign(run->pools[i], err));
        }
    }
    return PN_OK;
}

static pn_status serve_worker(run_ctx *run, size_t index, pni_worker *worker,
                              const struct pollfd *fds, pn_error *err) {
    if ((fds[1].revents & (POLLOUT | POLLERR | POLLHUP)) != 0) {
        pni_worker_write(worker);
    }
    if ((fds[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        return serve_output(run, index, worker, err);
    }
    return worker->n_tasks > 0 && pni_now_ms() >= worker->deadline_ms
               ? on_timeout(run, index, worker, err)
               : PN_OK;
}

static size_t count_workers(const run_ctx *run) {
    size_t count = 0;
    for (size_t i = 0; i < run->n_pools; i++) {
        count += run->pools[i]->options.workers;
    }
    return count;
}

/* Two entries per worker: its output, and its input while something is to be written. */
static void watch(const run_ctx *run, struct pollfd *fds) {
    size_t n = 0;
    for (size_t i = 0; i < run->n_pools; i++) {
        for (unsigned k = 0; k < run->pools[i]->options.workers; k++) {
            const pni_worker *worker = &run->pools[i]->workers[k];
            const bool alive = worker->process.pid != 0;
            const bool writing = alive && worker->out.len > 0;
            fds[n++] = (struct pollfd){alive ? worker->process.out_fd : -1, POLLIN, 0};
            fds[n++] = (struct pollfd){writing ? worker->process.in_fd : -1, POLLOUT, 0};
        }
    }
}

static pn_status turn(run_ctx *run, struct pollfd *fds, size_t n_workers, pn_error *err) {
    watch(run, fds);
    (void)poll(fds, (nfds_t)(2 * n_workers), TURN_MS);
    size_t n = 0;
    for (size_t i = 0; i < run->n_pools; i++) {
        for (unsigned k = 0; k < run->pools[i]->options.workers; k++, n += 2) {
            pni_worker *worker = &run->pools[i]->workers[k];
            if (worker->process.pid != 0) {
                PNI_TRY(serve_worker(run, i, worker, &fds[n], err));
            }
        }
    }
    PNI_TRY(deliver(run, err));
    for (size_t i = 0; i < run->n_pools; i++) {
        PNI_TRY(assign(run->pools[i], err));
    }
    return PN_OK;
}

static bool is_done(const run_ctx *run) {
    bool open = !run->exhausted;
    for (size_t i = 0; i < run->n_pools; i++) {
        open = open || run->pools[i]->slots.count > 0;
    }
    return !open;
}

static pn_status loop(run_ctx *run, pn_error *err) {
    const size_t n_workers = count_workers(run);
    struct pollfd *fds = pni_calloc(2 * n_workers, sizeof *fds);
    pn_status status = PN_OK;
    while (status == PN_OK) {
        status = pni_cancel_check(run->cancel, err);
        status = status == PN_OK ? fill(run, err) : status;
        if (status != PN_OK || is_done(run)) {
            break;
        }
        status = turn(run, fds, n_workers, err);
    }
    pni_free(fds);
    return status;
}

/* Leaves the pool empty; after a failure also without processes. */
static void settle(pni_pool *pool, const pni_extract_sink *sink, bool failed) {
    for (unsigned i = 0; failed && i < pool->options.workers; i++) {
        char how[64];
        pni_worker_stop(&pool->workers[i], 0, how);
        pool->workers[i].n_tasks = 0;
    }
    for (size_t i = 0; i < pool->slots.count; i++) {
        slot *s = &pool->slots.items[i];
        for (size_t k = 0; k < s->results.count; k++) {
            if (s->results.items[k].value != NULL) {
                sink->drop(sink->ctx, s->results.items[k].value);
            }
        }
        pni_vec_dispose(&s->results);
        pni_chunk_unref(s->chunk);
    }
    pni_vec_dispose(&pool->slots);
    pni_vec_dispose(&pool->queue);
}

pn_status pni_extract_run(pni_pool *const *pools, size_t n_pools, const pni_extract_sink *sink,
                          const pn_cancel *cancel, pn_error *err) {
    run_ctx run = {pools, n_pools, sink, cancel, pni_alloc(BLOCK_BYTES), false};
    const pn_status status = loop(&run, err);
    for (size_t i = 0; i < n_pools; i++) {
        settle(pools[i], sink, status != PN_OK);
    }
    pni_free(run.block);
    return status;
}

/* ---- the pool itself ----------------------------------------------------------------------- */

static pn_status probe_failed(const pni_pool *pool, pni_worker *worker, const char *why,
                              pn_error *err) {
    char how[64] = "";
    pni_worker_stop(worker, DEATH_GRACE_MS, how);
    PNI_AUTO(pn_buf) words = PN_BUF_INIT;
    pni_worker_last_words(worker, &words);
    const pn_status status = pni_fail(err, PNI_E_CPG_START, "extractor '%s' does not work: %s (%s)",
                                      pool->options.program->name, why, how);
    pni_error_detail(err, "%s", pni_buf_text(&words));
    return status;
}

/* Asks for an empty answer. */
static pn_status probe(pni_pool *pool, pni_worker *worker, pn_error *err) {
    PNI_TRY(pni_worker_start(worker, &pool->options, err));
    const pni_task nothing = {.count = 0};
    pni_worker_send(worker, &nothing, pool->options.file_timeout_ms);
    uint8_t *block = pni_alloc(BLOCK_BYTES);
    pni_worker_event event = PNI_WORKER_WAITING;
    pn_error why = PN_ERROR_INIT;
    while (event == PNI_WORKER_WAITING && pni_now_ms() < worker->deadline_ms) {
        struct pollfd fd = {worker->process.out_fd, POLLIN, 0};
        pni_worker_write(worker);
        if (poll(&fd, 1, TURN_MS) > 0) {
            event = pni_worker_read(worker, block, BLOCK_BYTES, &why);
        }
    }
    pni_free(block);
    worker->n_tasks = 0;
    if (event != PNI_WORKER_ANSWERED) {
        return probe_failed(pool, worker,
                            event == PNI_WORKER_DIED      ? "it ended before it answered"
                            : event == PNI_WORKER_GARBAGE ? why.message
                                                          : "no answer",
                            err);
    }
    pool->tool = json_incref(json_object_get(worker->answer.trailer, "tool"));
    pni_answer_dispose(&worker->answer);
    return PN_OK;
}

pn_status pni_pool_new(const pni_pool_options *options, pni_pool **out, pn_error *err) {
    PNI_AUTO_PTR(pni_pool) pool = pni_calloc(1, sizeof *pool);
    pool->options = *options;
    pool->options.workers = options->workers > 0 ? options->workers : 1;
    pool->workers = pni_calloc(pool->options.workers, sizeof *pool->workers);
    for (unsigned i = 0; i < pool->options.workers; i++) {
        pni_worker_init(&pool->workers[i], &pool->options, i);
    }
    PNI_TRY(probe(pool, &pool->workers[0], err));
    *out = pni_take(pool);
    return PN_OK;
}

void pni_pool_free(pni_pool *pool) {
    if (pool == NULL) {
        return;
    }
    for (unsigned i = 0; i < pool->options.workers; i++) {
        pni_worker_dispose(&pool->workers[i]);
    }
    pni_free(pool->workers);
    pni_vec_dispose(&pool->queue);
    pni_vec_dispose(&pool->slots);
    json_decref(pool->tool);
    pni_free(pool);
}

pni_pool_counts pni_pool_counted(const pni_pool *pool) {
    return pool->counts;
}

const json_t *pni_pool_tool(const pni_pool *pool) {
    return pool->tool;
}
