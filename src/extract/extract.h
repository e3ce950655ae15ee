/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cpg/extract: extractor programs and the pool that feeds them.
 *
 * A program is not trusted: it gets bytes, not files, an empty folder of its own, limits on memory
 * and time, and its answers are checked. It may crash, hang or lie; that costs the one file that
 * makes it do so.
 */
#ifndef PNI_CPG_EXTRACT_H
#define PNI_CPG_EXTRACT_H

#include "base/record.h"

#include <sys/types.h>

/* ---- frames: what a program writes ---------------------------------------------------------- */

typedef struct pni_frame {
    char name[128];
    pn_buf data;
} pni_frame;

/* One answer: its frames, then the trailer. */
typedef struct pni_answer {
    PNI_VEC(pni_frame) frames;
    json_t *trailer; /* NULL until the `end` frame has come */
} pni_answer;
void pni_answer_dispose(pni_answer *answer);
PNI_DEFINE_AUTO(pni_answer, pni_answer_dispose)

/* "ok", or the error type and message of a file of the answer; borrowed from the trailer. */
typedef struct pni_file_outcome {
    const char *error_type; /* NULL = ok */
    const char *message;
} pni_file_outcome;
pni_file_outcome pni_answer_outcome(const pni_answer *answer, size_t file);

/* Cuts a byte stream into frames; zero-initialise. */
typedef struct pni_frame_reader {
    char head[192];
    size_t head_len;
    bool in_body;
    size_t body_len;
    size_t total_len;
    pni_frame frame;
    pni_answer answer;
} pni_frame_reader;

/*
 * Takes up bytes until an answer is complete: *used_out says how many, *done_out whether the
 * reader's answer is whole (take it with pni_frame_reader_take). CORRUPT when they are no frames;
 * `n_files` is how many the trailer must speak of.
 */
pn_status pni_frame_reader_feed(pni_frame_reader *reader, pn_bytes bytes, size_t n_files,
                                size_t *used_out, bool *done_out, pn_error *err);
pni_answer pni_frame_reader_take(pni_frame_reader *reader);
void pni_frame_reader_dispose(pni_frame_reader *reader);

/* ---- programs and processes ----------------------------------------------------------------- */

typedef struct pni_program {
    const char *name;        /* for messages and folders */
    const char *const *argv; /* argv[0] is an absolute path */
    bool inherit_env;        /* only to ask a program about itself */
} pni_program;

/* Finds a helper program: in $PINION_LIBEXEC, else in libexec/pinion beside the library or
 * executable. */
pn_status pni_locate_helper(const char *name, char **path_out, pn_error *err);
/* Finds a folder: in $PINION_DATA, else in share/pinion beside the library or executable. */
pn_status pni_locate_data(const char *name, char **path_out, pn_error *err);
/*
 * Finds Python: `wanted`, $PINION_PYTHON or python3 of the PATH, and asks it for the real
 * executable behind links and shims. `tmp_dir` holds what it writes to stderr.
 */
pn_status pni_locate_python(const char *wanted, const char *tmp_dir, char **path_out,
                            pn_error *err);

typedef struct pni_process_limits {
    uint64_t memory_bytes; /* address space; 0 = none */
    uint64_t stderr_bytes; /* largest file it may write; 0 = none */
} pni_process_limits;

typedef struct pni_process {
    pid_t pid;  /* also its process group; 0 = none */
    int in_fd;  /* non-blocking, a socket: writing never raises SIGPIPE */
    int out_fd; /* non-blocking */
} pni_process;

/* Starts a program in the folder `cwd` with a clean environment; its stderr goes to `cwd`/stderr.
 */
pn_status pni_process_start(const pni_program *program, const char *cwd,
                            const pni_process_limits *limits, pni_process *out, pn_error *err);
/* Writes what fits; gives the bytes written, or -1 when the program has closed its input. */
ssize_t pni_process_write(const pni_process *process, pn_bytes bytes);
/* Kills the whole group and waits; gives what ended it: the signal's or exit's text, static or in
 * `text`. */
void pni_process_kill(pni_process *process);
/* Closes its input and gives it `grace_ms` to end by itself, then kills it. Writes how it ended,
 * e.g. "exit status 3". */
void pni_process_end(pni_process *process, int grace_ms, char how[64]);

/* ---- the pool ------------------------------------------------------------------------------- */

#define PNI_CHUNK_FILES_MAX 64u

typedef struct pni_chunk_file {
    size_t id; /* the caller's */
    const char *path;
    const char *file_id;
    size_t start; /* in the chunk's bytes */
    size_t len;
} pni_chunk_file;

/* A run of files with their bytes; shared by all pools. */
typedef struct pni_chunk {
    size_t index; /* 0, 1, 2 … */
    size_t n_files;
    pni_chunk_file files[PNI_CHUNK_FILES_MAX];
    pn_buf bytes;
    int refs;
} pni_chunk;

typedef struct pni_pool_options {
    const pni_program *program;
    unsigned workers;
    const char *tmp_dir; /* exists; the workers' folders are made in it */
    int64_t file_timeout_ms;
    uint64_t memory_bytes;
} pni_pool_options;

typedef struct pni_pool_counts {
    uint64_t files;
    uint64_t errors;   /* files that became error rows */
    uint64_t restarts; /* workers that were killed or died */
} pni_pool_counts;

/* Some files of a chunk, as one pool has them. */
typedef struct pni_part {
    size_t pool; /* index in pni_extract_run's array */
    const pni_chunk *chunk;
    size_t first;
    size_t count;
} pni_part;

/* What the caller makes of answers. */
typedef struct pni_extract_sink {
    void *ctx;
    /* The next chunk, or *out = NULL at the end. Called only when every pool has room. */
    pn_status (*next)(void *ctx, pni_chunk **out, pn_error *err);
    /*
     * Turns an answer into a result. CORRUPT or LIMIT = the answer is bad: the files are tried one
     * by one, and one that stays bad is failed. Any other status ends the run.
     */
    pn_status (*accept)(void *ctx, const pni_part *part, pni_answer *answer, void **result_out,
                        pn_error *err);
    /* Makes the result of a file that cannot be extracted. */
    pn_status (*fail)(void *ctx, const pni_part *part, const pni_file_outcome *why,
                      void **result_out, pn_error *err);
    /* Takes a result over; called in the order of the chunks, and of the files in them. */
    pn_status (*deliver)(void *ctx, size_t pool, const pni_chunk *chunk, void *result,
                         pn_error *err);
    void (*drop)(void *ctx, void *result); /* frees a result that is not delivered */
} pni_extract_sink;

pni_chunk *pni_chunk_new(size_t index);
void pni_chunk_unref(pni_chunk *chunk);

/* One program and its workers; see pool.c. */
typedef struct pni_pool pni_pool;
/* Starts the workers and asks each for an empty answer, so that a program that cannot work is one
 * error, not one per file. */
pn_status pni_pool_new(const pni_pool_options *options, pni_pool **out, pn_error *err);
/* Kills what still runs and removes the workers' folders. */
void pni_pool_free(pni_pool *pool);
pni_pool_counts pni_pool_counted(const pni_pool *pool);
/* "tool" of the program's answers. Borrowed. */
const json_t *pni_pool_tool(const pni_pool *pool);
/* Feeds every chunk to every pool. */
pn_status pni_extract_run(pni_pool *const *pools, size_t n_pools, const pni_extract_sink *sink,
                          const pn_cancel *cancel, pn_error *err);
PNI_DEFINE_AUTO_PTR(pni_pool, pni_pool_free)

#endif
