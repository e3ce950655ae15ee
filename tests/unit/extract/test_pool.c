/* SPDX-License-Identifier: Apache-2.0 */
/* The pool with a program that crashes, hangs and lies: tests/extract/fake_extractor.py. */
#include "extract/extract.h"
#include "t.h"

#include <stdlib.h>
#include <unistd.h>

typedef struct world {
    const char *const *names; /* NULL-terminated */
    size_t per_chunk;
    size_t at;
    size_t chunks;
    pn_buf log;     /* what was delivered, in order */
    size_t dropped; /* results that were not */
    size_t live;    /* results not yet freed */
    size_t in_flight_max;
    size_t delivered;
    pn_cancel *cancel_after_first;
} world;

static pn_status next(void *opaque, pni_chunk **out, pn_error *err) {
    (void)err;
    world *w = opaque;
    *out = NULL;
    if (w->names[w->at] == NULL) {
        return PN_OK;
    }
    pni_chunk *chunk = pni_chunk_new(w->chunks++);
    while (chunk->n_files < w->per_chunk && w->names[w->at] != NULL) {
        const char *name = w->names[w->at++];
        chunk->files[chunk->n_files++] =
            (pni_chunk_file){w->at - 1, name, "file:0", chunk->bytes.len, strlen(name)};
        pni_buf_puts(&chunk->bytes, name);
    }
    if (w->chunks - w->delivered > w->in_flight_max) {
        w->in_flight_max = w->chunks - w->delivered;
    }
    *out = chunk;
    return PN_OK;
}

static pn_status accept(void *opaque, const pni_part *part, pni_answer *answer, void **result_out,
                        pn_error *err) {
    world *w = opaque;
    T_EQ_UINT(part->pool, 0);
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    for (size_t i = 0; i < part->count; i++) {
        const bool ok = pni_answer_outcome(answer, i).error_type == NULL;
        pni_buf_printf(&text, "%s%s ", part->chunk->files[part->first + i].path, ok ? "" : "!");
    }
    if (answer->frames.count > 0) {
        return pni_fail(err, PNI_E_CPG_ANSWER, "not a table");
    }
    w->live++;
    *result_out = pni_buf_steal(&text);
    return PN_OK;
}

static pn_status fail(void *opaque, const pni_part *part, const pni_file_outcome *why,
                      void **result_out, pn_error *err) {
    (void)err;
    world *w = opaque;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_buf_printf(&text, "%s<%s: %s> ", part->chunk->files[part->first].path, why->error_type,
                   why->message);
    w->live++;
    *result_out = pni_buf_steal(&text);
    return PN_OK;
}

static pn_status deliver(void *opaque, size_t pool, const pni_chunk *chunk, void *result,
                         pn_error *err) {
    (void)pool;
    (void)err;
    world *w = opaque;
    pni_buf_puts(&w->log, result);
    pni_free(result);
    w->live--;
    w->delivered = chunk->index + 1;
    if (w->cancel_after_first != NULL) {
        pn_cancel_fire(w->cancel_after_first);
    }
    return PN_OK;
}

static void drop(void *opaque, void *result) {
    world *w = opaque;
    pni_free(result);
    w->dropped++;
    w->live--;
}

typedef struct setup {
    const char *const *names;
    size_t per_chunk;
    unsigned workers;
    int64_t timeout_ms;
    uint64_t memory_bytes;
    const char *argument;
    bool cancel;
} setup;

static char *python(void) {
    char *path = NULL;
    pn_error err = PN_ERROR_INIT;
    if (pni_locate_python(NULL, t_tmpdir(), &path, &err) != PN_OK) {
        T_SKIP("no Python");
    }
    return path;
}

/* Runs the names through the fake; the log says what came out. */
static pn_status run(const setup *s, world *w, pni_pool_counts *counts, pn_error *err) {
    PNI_AUTO_PTR(pni_text) interpreter = python();
    PNI_AUTO_PTR(pni_text)
    script = pni_path_join(t_source_dir(), "tests/extract/fake_extractor.py");
    const char *const argv[] = {interpreter, "-S", script, s->argument, NULL};
    const pni_program program = {"fake", argv, false};
    const pni_pool_options options = {&program, s->workers, t_tmpdir(), s->timeout_ms,
                                      s->memory_bytes};
    *w = (world){.names = s->names, .per_chunk = s->per_chunk};
    PNI_AUTO_PTR(pni_pool) pool = NULL;
    PNI_TRY(pni_pool_new(&options, &pool, err));
    T_EQ_STR(pni_json_text(pni_pool_tool(pool), "name"), "fake");
    PNI_AUTO_PTR(pn_cancel) cancel = pn_cancel_new();
    w->cancel_after_first = s->cancel ? cancel : NULL;
    const pni_extract_sink sink = {w, next, accept, fail, deliver, drop};
    const pn_status status = pni_extract_run(&pool, 1, &sink, cancel, err);
    *counts = pni_pool_counted(pool);
    T_EQ_UINT(w->live, 0);
    return status;
}

static void expect(const char *const *names, size_t per_chunk, unsigned workers, const char *want,
                   uint64_t errors) {
    const setup s = {names, per_chunk, workers, 1500, 0, NULL, false};
    world w;
    pni_pool_counts counts;
    pn_error err = PN_ERROR_INIT;
    T_OK(run(&s, &w, &counts, &err), &err);
    T_EQ_STR(pni_buf_text(&w.log), want);
    T_EQ_UINT(counts.errors, errors);
    pn_buf_dispose(&w.log);
}

T_CASE(results_come_in_order_for_any_number_of_workers) {
    static const char *const names[] = {"slow1", "b", "slow2", "d", "e", "f",
                                        "slow3", "h", "i",     "j", "k", NULL};
    const char *want = "slow1 b slow2 d e f slow3 h i j k ";
    expect(names, 2, 1, want, 0);
    expect(names, 2, 3, want, 0);
    expect(names, 1, 5, want, 0);
    expect(names, 64, 2, want, 0);
}

T_CASE(no_files_is_no_work) {
    static const char *const names[] = {NULL};
    expect(names, 4, 2, "", 0);
}

T_CASE(a_crash_costs_one_file) {
    static const char *const names[] = {"a", "crash", "b", "c", "exit", NULL};
    const char *want = "a crash<ExtractorCrash: the extractor ended with signal SIGSEGV> b c "
                       "exit<ExtractorCrash: the extractor ended with exit status 3> ";
    expect(names, 3, 1, want, 2);
    expect(names, 2, 3, want, 2);
    expect(names, 1, 2, want, 2);
}

T_CASE(a_hang_costs_one_file) {
    static const char *const names[] = {"a", "hang", "b", NULL};
    expect(names, 8, 2, "a hang<ExtractorTimeout: the extractor gave no answer within 1500 ms> b ",
           1);
}

T_CASE(nonsense_costs_one_file) {
    static const char *const names[] = {"a", "garbage", "b", "noipc", "c", "lie", NULL};
    expect(names, 6, 2,
           "a garbage<ExtractorAnswer: an extractor's answer: a frame does not begin with a name "
           "and a length> b "
           "noipc<ExtractorAnswer: not a table> c "
           "lie<ExtractorAnswer: an extractor's answer: the trailer does not speak of every file> ",
           3);
}

T_CASE(a_cut_answer_costs_one_file) {
    static const char *const names[] = {"a", "short", "b", NULL};
    expect(names, 3, 1, "a short<ExtractorCrash: the extractor ended with exit status 0> b ", 1);
}

T_CASE(an_error_the_program_reports_is_an_answer) {
    static const char *const names[] = {"a", "refuse", "b", NULL};
    expect(names, 3, 1, "a refuse! b ", 1);
}

T_CASE(a_program_that_ends_after_each_answer_loses_nothing) {
    static const char *const names[] = {"once1", "once2", "once3", "once4", NULL};
    expect(names, 1, 1, "once1 once2 once3 once4 ", 0);
    expect(names, 2, 2, "once1 once2 once3 once4 ", 0);
}

T_CASE(children_of_a_worker_die_with_it) {
    static const char *const names[] = {"child", "b", NULL};
    const int64_t start = pni_now_ms();
    expect(names, 1, 1, "child<ExtractorTimeout: the extractor gave no answer within 1500 ms> b ",
           1);
    T_ASSERT(pni_now_ms() - start < 60000);
}

T_CASE(memory_is_limited) {
    static const char *const names[] = {"a", "memory", "b", NULL};
    const setup s = {names, 3, 1, 30000, 1ull << 30, NULL, false};
    world w;
    pni_pool_counts counts;
    pn_error err = PN_ERROR_INIT;
    T_OK(run(&s, &w, &counts, &err), &err);
    T_ASSERT(strstr(pni_buf_text(&w.log), "memory<ExtractorCrash") != NULL);
    T_EQ_UINT(counts.errors, 1);
    pn_buf_dispose(&w.log);
}

T_CASE(chunks_in_flight_are_bounded) {
    static const char *const names[] = {"slow1", "slow2", "slow3", "slow4", "slow5",
                                        "slow6", "slow7", "slow8", "slow9", "a",
                                        "b",     "c",     "d",     NULL};
    const setup s = {names, 1, 2, 10000, 0, NULL, false};
    world w;
    pni_pool_counts counts;
    pn_error err = PN_ERROR_INIT;
    T_OK(run(&s, &w, &counts, &err), &err);
    T_ASSERT(w.in_flight_max <= 4);
    T_EQ_UINT(counts.files, 13);
    pn_buf_dispose(&w.log);
}

T_CASE(cancelling_stops_and_frees) {
    static const char *const names[] = {"a", "hang1", "hang2", "hang3", NULL};
    const setup s = {names, 1, 2, 60000, 0, NULL, true};
    world w;
    pni_pool_counts counts;
    pn_error err = PN_ERROR_INIT;
    const int64_t start = pni_now_ms();
    T_STATUS(run(&s, &w, &counts, &err), PN_CANCELLED, &err);
    T_ASSERT(pni_now_ms() - start < 10000);
    T_EQ_STR(pni_buf_text(&w.log), "a ");
    pn_buf_dispose(&w.log);
}

T_CASE(a_program_that_cannot_work_is_one_error) {
    static const char *const names[] = {"a", NULL};
    const setup s = {names, 1, 2, 5000, 0, "dead", false};
    world w;
    pni_pool_counts counts;
    pn_error err = PN_ERROR_INIT;
    T_STATUS(run(&s, &w, &counts, &err), PN_IO, &err);
    T_EQ_INT(err.number, PNI_E_CPG_START);
    T_ASSERT(strstr(err.message, "exit status 7") != NULL);
    T_ASSERT(strstr(err.detail, "cannot work here") != NULL);
}

T_CASE(a_missing_program_is_one_error) {
    const char *const argv[] = {"/no/such/program", NULL};
    const pni_program program = {"none", argv, false};
    const pni_pool_options options = {&program, 1, t_tmpdir(), 1000, 0};
    pni_pool *pool = NULL;
    pn_error err = PN_ERROR_INIT;
    T_STATUS(pni_pool_new(&options, &pool, &err), PN_NOT_FOUND, &err);
    T_EQ_INT(err.number, PNI_E_CPG_PROGRAM);
}

T_CASE(a_program_without_end_of_interpreter_is_refused) {
    char *path = NULL;
    pn_error err = PN_ERROR_INIT;
    T_STATUS(pni_locate_python("/bin/false", t_tmpdir(), &path, &err), PN_IO, &err);
    T_EQ_INT(err.number, PNI_E_CPG_START);
    T_STATUS(pni_locate_python("no-such-python", t_tmpdir(), &path, &err), PN_NOT_FOUND, &err);
}
