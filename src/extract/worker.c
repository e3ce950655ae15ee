/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One worker: a process, the requests it has been sent, the answer it is writing. Everything is
 * non-blocking; the pool's loop says when to read and write.
 */
#include "extract/pool_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define STDERR_MAX_BYTES (1u << 20)
#define LAST_WORDS_BYTES 600u
#define READS_PER_TURN 64

void pni_worker_init(pni_worker *worker, const pni_pool_options *options, unsigned number) {
    PNI_AUTO(pn_buf) name = PN_BUF_INIT;
    pni_buf_printf(&name, "%s-%u", options->program->name, number);
    *worker = (pni_worker){.process = {0, -1, -1}};
    worker->name = pni_buf_steal(&name);
    worker->cwd = pni_path_join(options->tmp_dir, worker->name);
}

pn_status pni_worker_start(pni_worker *worker, const pni_pool_options *options, pn_error *err) {
    PNI_TRY(pni_remove_tree(worker->cwd, err));
    PNI_TRY(pni_mkdirs(worker->cwd, err));
    const pni_process_limits limits = {options->memory_bytes, STDERR_MAX_BYTES};
    worker->used = false;
    return pni_process_start(options->program, worker->cwd, &limits, &worker->process, err);
}

void pni_worker_stop(pni_worker *worker, int grace_ms, char how[64]) {
    pni_process_end(&worker->process, grace_ms, how);
    pni_frame_reader_dispose(&worker->reader);
    pni_answer_dispose(&worker->answer);
    pn_buf_dispose(&worker->pending);
    pni_buf_clear(&worker->out);
    worker->out_at = 0;
}

void pni_worker_dispose(pni_worker *worker) {
    char how[64];
    pni_worker_stop(worker, 0, how);
    pn_buf_dispose(&worker->out);
    if (worker->cwd != NULL) {
        (void)pni_remove_tree(worker->cwd, NULL);
    }
    pni_free(worker->cwd);
    pni_free(worker->name);
    *worker = (pni_worker){.process = {0, -1, -1}};
}

void pni_worker_last_words(const pni_worker *worker, pn_buf *out) {
    PNI_AUTO_PTR(pni_text) path = pni_path_join(worker->cwd, "stderr");
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    if (pni_file_read(path, STDERR_MAX_BYTES + 1, &text, NULL) != PN_OK) {
        return;
    }
    const size_t skip = text.len > LAST_WORDS_BYTES ? text.len - LAST_WORDS_BYTES : 0;
    for (size_t i = skip; i < text.len; i++) {
        const uint8_t c = text.data[i];
        pni_buf_putc(out, c == '\n' || (c >= 0x20 && c < 0x7F) ? (char)c : '?');
    }
}

/* {"files":[{"path":…,"file_id":…,"size":n}]}\n and the files' bytes. */
static void put_request(pn_buf *out, const pni_task *task) {
    PNI_AUTO_PTR(json_t) request = json_object();
    json_t *files = json_array();
    for (size_t i = 0; i < task->count; i++) {
        const pni_chunk_file *file = &task->chunk->files[task->first + i];
        json_t *entry = json_object();
        json_object_set_new(entry, "path", json_string(file->path));
        json_object_set_new(entry, "file_id", json_string(file->file_id));
        json_object_set_new(entry, "size", json_integer((json_int_t)file->len));
        json_array_append_new(files, entry);
    }
    json_object_set_new(request, "files", files);
    char *line = json_dumps(request, JSON_COMPACT);
    pni_assert(line != NULL);
    pni_buf_puts(out, line);
    pni_buf_putc(out, '\n');
    free(line); /* checksrc: allow banned jansson's text comes from malloc */
    for (size_t i = 0; i < task->count; i++) {
        const pni_chunk_file *file = &task->chunk->files[task->first + i];
        pni_buf_append(out, task->chunk->bytes.data + file->start, file->len);
    }
}

void pni_worker_send(pni_worker *worker, const pni_task *task, int64_t timeout_ms) {
    pni_assert(worker->n_tasks < WORKER_TASKS_MAX);
    if (worker->n_tasks == 0) {
        worker->deadline_ms = pni_now_ms() + timeout_ms;
    }
    worker->tasks[worker->n_tasks++] = *task;
    worker->used = true;
    put_request(&worker->out, task);
}

void pni_worker_write(pni_worker *worker) {
    const size_t left = worker->out.len - worker->out_at;
    const ssize_t sent =
        left == 0 ? 0
                  : pni_process_write(&worker->process,
                                      (pn_bytes){worker->out.data + worker->out_at, left});
    /* A program that closed its input says more on its output, which ends or runs into the
     * deadline. */
    worker->out_at = sent < 0 ? worker->out.len : worker->out_at + (size_t)sent;
    if (worker->out_at == worker->out.len) {
        pni_buf_clear(&worker->out);
        worker->out_at = 0;
    }
}

static pni_worker_event feed(pni_worker *worker, pn_bytes bytes, pn_error *err) {
    if (worker->n_tasks == 0) {
        (void)pni_fail(err, PNI_E_CPG_ANSWER, "an extractor's answer: nothing was asked");
        return PNI_WORKER_GARBAGE;
    }
    size_t used = 0;
    bool done = false;
    if (pni_frame_reader_feed(&worker->reader, bytes, worker->tasks[0].count, &used, &done, err) !=
        PN_OK) {
        return PNI_WORKER_GARBAGE;
    }
    if (!done) {
        return PNI_WORKER_WAITING;
    }
    /* What follows belongs to the next answer; keep it where the reader will look first. */
    pni_answer answer = pni_frame_reader_take(&worker->reader);
    pni_frame_reader_dispose(&worker->reader);
    const pn_bytes rest = {bytes.data + used, bytes.len - used};
    if (rest.len > 0 && worker->n_tasks == 1) {
        pni_answer_dispose(&answer);
        (void)pni_fail(err, PNI_E_CPG_ANSWER, "an extractor's answer: more than was asked");
        return PNI_WORKER_GARBAGE;
    }
    pni_buf_append(&worker->pending, rest.data, rest.len);
    worker->answer = answer;
    return PNI_WORKER_ANSWERED;
}

pni_worker_event pni_worker_read(pni_worker *worker, uint8_t *block, size_t block_size,
                                 pn_error *err) {
    if (worker->pending.len > 0) {
        PNI_AUTO(pn_buf) pending = worker->pending;
        worker->pending = (pn_buf){0};
        const pni_worker_event event = feed(worker, (pn_bytes){pending.data, pending.len}, err);
        if (event != PNI_WORKER_WAITING) {
            return event;
        }
    }
    for (int i = 0; i < READS_PER_TURN; i++) {
        const ssize_t got = read(worker->process.out_fd, block, block_size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? PNI_WORKER_WAITING
                                                                        : PNI_WORKER_DIED;
        }
        const pni_worker_event event = feed(worker, (pn_bytes){block, (size_t)got}, err);
        if (event != PNI_WORKER_WAITING) {
            return event;
        }
    }
    return PNI_WORKER_WAITING;
}
