/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the sources: each file is read once, described (repo_files_v1, file_line_index_v1),
 * and sent to both extractors; what they answer is nested and spooled. Results come in file order,
 * so a spool's rows do not depend on how many workers there are; where a chunk ends shows in no row
 * either.
 */
#include "extract/evidence.h"
#include "extract/extract.h"

/* Small chunks keep batches small: tree-sitter's are some hundred times their source, and Delta's
 * writer queues several. */
#define CHUNK_BYTES (128u << 10)
#define CHUNK_MAX_BYTES (4u << 20)
#define FILES_PER_BATCH 4096u
#define FILE_TIMEOUT_MS 60000
#define N_POOLS 2
#define POOL_TABLES_MAX 3

/* Sanitizers reserve terabytes of address space, which no sensible limit allows. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FILE_MEMORY_BYTES 0
#else
#define FILE_MEMORY_BYTES (2ull << 30)
#endif

static const struct {
    const char *name;
    const char *program;
    bool is_python;
    size_t n_tables;
    pni_evidence tables[POOL_TABLES_MAX];
} extractors[N_POOLS] = {
    {"python",
     "pinion_extract_python.py",
     true,
     3,
     {PNI_EVIDENCE_AST, PNI_EVIDENCE_SYMTABLE, PNI_EVIDENCE_CST}},
    {"treesitter", "pinion-extract-treesitter", false, 1, {PNI_EVIDENCE_TS}},
};

typedef struct result {
    struct ArrowArray tables[POOL_TABLES_MAX];
} result;

typedef struct collect_ctx {
    pni_scan *scan;
    const pni_cpg_collect_options *options;
    pni_spool **spools;
    pni_line_batch lines;
    size_t next_file;
    size_t next_chunk;
    pni_chunk *carried;        /* begun with a file that did not fit the chunk before */
    size_t delivered[N_POOLS]; /* files up to here are in the spools */
} collect_ctx;

/* ---- chunks -------------------------------------------------------------------------------- */

static void add_to_chunk(pni_chunk *chunk, const pni_source_file *file, size_t id, size_t start) {
    chunk->files[chunk->n_files++] =
        (pni_chunk_file){id, file->path, file->file_id, start, chunk->bytes.len - start};
}

/* Reads file `id` into the chunk; one that makes it too large begins the next chunk. */
static pn_status take_file(collect_ctx *ctx, pni_chunk *chunk, size_t id, pn_error *err) {
    const size_t start = chunk->bytes.len;
    pni_source_load(ctx->scan, id, &chunk->bytes);
    const pni_source_file *file = &ctx->scan->files.items[id];
    if (!file->loaded) {
        return PN_OK;
    }
    const pn_bytes content = {chunk->bytes.data + start, chunk->bytes.len - start};
    PNI_TRY(pni_line_batch_add(&ctx->lines, file, content, err));
    if (chunk->n_files == 0 || chunk->bytes.len <= CHUNK_MAX_BYTES) {
        add_to_chunk(chunk, file, id, start);
        return PN_OK;
    }
    ctx->carried = pni_chunk_new(0);
    pni_buf_append(&ctx->carried->bytes, content.data, content.len);
    add_to_chunk(ctx->carried, file, id, 0);
    chunk->bytes.len = start;
    return PN_OK;
}

static bool is_full(const collect_ctx *ctx, const pni_chunk *chunk, size_t first) {
    return ctx->carried != NULL || chunk->n_files == PNI_CHUNK_FILES_MAX ||
           chunk->bytes.len >= CHUNK_BYTES || ctx->next_file - first >= FILES_PER_BATCH;
}

static pn_status fill_chunk(collect_ctx *ctx, pni_chunk *chunk, pn_error *err) {
    const size_t first = ctx->next_file;
    while (ctx->next_file < ctx->scan->files.count && !is_full(ctx, chunk, first)) {
        PNI_TRY(take_file(ctx, chunk, ctx->next_file++, err));
    }
    if (ctx->next_file == first) {
        return PN_OK;
    }
    PNI_AUTO_ARRAY batch = {0};
    pni_spool *spool = ctx->spools[PNI_EVIDENCE_REPO_FILES];
    PNI_TRY(pni_repo_files_batch(pni_spool_schema(spool), &ctx->scan->files.items[first],
                                 ctx->next_file - first, &batch, err));
    return pni_spool_append(spool, &batch, err);
}

static pn_status next_chunk(void *opaque, pni_chunk **out, pn_error *err) {
    collect_ctx *ctx = opaque;
    *out = NULL;
    while (ctx->carried != NULL || ctx->next_file < ctx->scan->files.count) {
        PNI_TRY(pni_cancel_check(ctx->options->cancel, err));
        pni_chunk *chunk = ctx->carried != NULL ? pni_take(ctx->carried) : pni_chunk_new(0);
        const pn_status status = fill_chunk(ctx, chunk, err);
        if (status == PN_OK && chunk->n_files > 0) {
            chunk->index = ctx->next_chunk++;
            *out = chunk;
            return PN_OK;
        }
        pni_chunk_unref(chunk);
        PNI_TRY(status);
    }
    return PN_OK;
}

/* ---- results ------------------------------------------------------------------------------- */

static void drop_result(void *opaque, void *value) {
    (void)opaque;
    result *r = value;
    for (size_t i = 0; i < POOL_TABLES_MAX; i++) {
        pni_auto_release_array(&r->tables[i]);
    }
    pni_free(r);
}

static pn_status nest_tables(const collect_ctx *ctx, size_t pool, const pni_nest_input *input,
                             void **result_out, pn_error *err) {
    result *r = pni_calloc(1, sizeof *r);
    for (size_t i = 0; i < extractors[pool].n_tables; i++) {
        const pni_evidence which = extractors[pool].tables[i];
        const struct ArrowSchema *schema = pni_spool_schema(ctx->spools[which]);
        const pn_status status = pni_nest_batch(which, schema, input, &r->tables[i], err);
        if (status != PN_OK) {
            drop_result(NULL, r);
            return status;
        }
    }
    *result_out = r;
    return PN_OK;
}

static const pni_source_file *source_of(const collect_ctx *ctx, const pni_part *part, size_t i) {
    return &ctx->scan->files.items[part->chunk->files[part->first + i].id];
}

/* One row of ast.errors, for a file of which the extractor itself can say nothing. */
static pn_status add_error_row(pni_flats *flats, const char *error_type, const char *message,
                               pn_error *err) {
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_ARRAY array = {0};
    PNI_TRY(pni_evidence_declare("file:int32,error_type,message", "byte", &schema, err));
    int code = ArrowArrayInitFromSchema(&array, &schema, NULL);
    code = code == NANOARROW_OK ? ArrowArrayStartAppending(&array) : code;
    code = code == NANOARROW_OK ? ArrowArrayAppendInt(array.children[0], 0) : code;
    code = code == NANOARROW_OK
               ? ArrowArrayAppendString(array.children[1], ArrowCharView(error_type))
               : code;
    code = code == NANOARROW_OK ? ArrowArrayAppendString(array.children[2], ArrowCharView(message))
                                : code;
    code = code == NANOARROW_OK ? ArrowArrayFinishElement(&array) : code;
    code = code == NANOARROW_OK ? ArrowArrayFinishBuildingDefault(&array, NULL) : code;
    if (code != NANOARROW_OK) {
        return pni_fail(err, PNI_E_INTERNAL, "error row of an extractor: %d", code);
    }
    pni_flats_add(flats, "ast.errors", &schema, &array);
    return PN_OK;
}

static pn_status fail_file(void *opaque, const pni_part *part, const pni_file_outcome *why,
                           void **result_out, pn_error *err) {
    collect_ctx *ctx = opaque;
    PNI_AUTO(pni_flats) flats = {0};
    if (extractors[part->pool].tables[0] == PNI_EVIDENCE_AST) {
        PNI_TRY(add_error_row(&flats, why->error_type, why->message, err));
    }
    const pni_row_file row = {source_of(ctx, part, 0), why->error_type, why->message};
    const pni_nest_input input = {&row, 1, &flats, ctx->options->repo_name};
    return nest_tables(ctx, part->pool, &input, result_out, err);
}

/* Frames are let go as soon as they are decoded: they are large. */
static pn_status decode_frames(pni_answer *answer, pni_flats *flats, pn_error *err) {
    for (size_t i = 0; i < answer->frames.count; i++) {
        pni_frame *frame = &answer->frames.items[i];
        PNI_TRY(pni_flats_add_ipc(flats, frame->name, (pn_bytes){frame->data.data, frame->data.len},
                                  err));
        pn_buf_dispose(&frame->data);
    }
    return PN_OK;
}

static pn_status accept_answer(void *opaque, const pni_part *part, pni_answer *answer,
                               void **result_out, pn_error *err) {
    collect_ctx *ctx = opaque;
    pni_row_file files[PNI_CHUNK_FILES_MAX];
    for (size_t i = 0; i < part->count; i++) {
        const pni_file_outcome outcome = pni_answer_outcome(answer, i);
        files[i] = (pni_row_file){source_of(ctx, part, i), NULL, NULL};
        if (outcome.error_type != NULL && part->count == 1) {
            return fail_file(ctx, part, &outcome, result_out, err);
        }
        if (outcome.error_type != NULL) {
            return pni_fail(err, PNI_E_CPG_ANSWER, "file '%s' failed: %s: %s",
                            files[i].source->path, outcome.error_type, outcome.message);
        }
    }
    PNI_AUTO(pni_flats) flats = {0};
    PNI_TRY(decode_frames(answer, &flats, err));
    const pni_nest_input input = {files, part->count, &flats, ctx->options->repo_name};
    return nest_tables(ctx, part->pool, &input, result_out, err);
}

static void report_progress(collect_ctx *ctx) {
    const size_t done =
        ctx->delivered[0] < ctx->delivered[1] ? ctx->delivered[0] : ctx->delivered[1];
    if (ctx->options->progress != NULL) {
        ctx->options->progress(ctx->options->progress_ctx, "files", done, ctx->scan->files.count);
    }
}

static pn_status deliver_result(void *opaque, size_t pool, const pni_chunk *chunk, void *value,
                                pn_error *err) {
    collect_ctx *ctx = opaque;
    result *r = value;
    pn_status status = PN_OK;
    for (size_t i = 0; i < extractors[pool].n_tables && status == PN_OK; i++) {
        status = pni_spool_append(ctx->spools[extractors[pool].tables[i]], &r->tables[i], err);
    }
    drop_result(NULL, r);
    ctx->delivered[pool] = chunk->files[chunk->n_files - 1].id + 1;
    report_progress(ctx);
    return status;
}

/* ---- programs ------------------------------------------------------------------------------ */

typedef struct launch {
    char *program;
    char *python;
    const char *argv[6];
    pni_program described;
} launch;

/*
 * Python runs with an environment of ours (so no PYTHON* variable reaches it), without site
 * packages (-s -S) and without writing caches (-B). -I would do more, but also make it forget the
 * fixed hash seed.
 */
static pn_status prepare(size_t pool, const pni_cpg_collect_options *options, launch *out,
                         pn_error *err) {
    PNI_TRY(pni_locate_helper(extractors[pool].program, &out->program, err));
    out->described = (pni_program){extractors[pool].name, out->argv, false};
    if (!extractors[pool].is_python) {
        out->argv[0] = out->program;
        return PN_OK;
    }
    PNI_TRY(pni_locate_python(options->python, options->tmp_dir, &out->python, err));
    const char *const argv[] = {out->python, "-s", "-S", "-B", out->program, NULL};
    memcpy(out->argv, argv, sizeof argv);
    return PN_OK;
}

static pn_status start_pools(const pni_cpg_collect_options *options, launch *launches,
                             pni_pool **pools, pn_error *err) {
    for (size_t i = 0; i < N_POOLS; i++) {
        PNI_TRY(prepare(i, options, &launches[i], err));
        const unsigned workers = extractors[i].is_python ? options->jobs : (options->jobs + 1) / 2;
        const pni_pool_options pool = {&launches[i].described, workers, options->tmp_dir,
                                       FILE_TIMEOUT_MS, FILE_MEMORY_BYTES};
        PNI_TRY(pni_pool_new(&pool, &pools[i], err));
    }
    return PN_OK;
}

static json_t *describe_tools(pni_pool *const *pools) {
    json_t *tools = json_array();
    for (size_t i = 0; i < N_POOLS; i++) {
        const pni_pool_counts counts = pni_pool_counted(pools[i]);
        json_t *entry = json_object();
        json_object_set_new(entry, "name", json_string(extractors[i].name));
        json_object_set_new(entry, "tool", json_deep_copy(pni_pool_tool(pools[i])));
        json_object_set_new(entry, "files", json_integer((json_int_t)counts.files));
        json_object_set_new(entry, "errors", json_integer((json_int_t)counts.errors));
        json_object_set_new(entry, "restarts", json_integer((json_int_t)counts.restarts));
        json_array_append_new(tools, entry);
    }
    return tools;
}

/* ---- the pass ------------------------------------------------------------------------------ */

static pn_status open_spools(const char *tmp_dir, pni_spool **spools, pn_error *err) {
    for (int i = 0; i < PNI_EVIDENCE_COUNT; i++) {
        PNI_AUTO_SCHEMA schema = {0};
        PNI_AUTO_PTR(pni_text)
        path = pni_path_join(tmp_dir, pni_evidence_def_at((pni_evidence)i)->name);
        PNI_TRY(pni_evidence_schema((pni_evidence)i, &schema, err));
        /* Delta keeps the metadata of fields, but refuses a batch that has some of its own. */
        (void)ArrowSchemaSetMetadata(&schema, NULL);
        PNI_TRY(pni_spool_new(path, &schema, &spools[i], err));
    }
    return PN_OK;
}

static pn_status run(collect_ctx *ctx, pni_pool **pools, pn_error *err) {
    const pni_extract_sink sink = {ctx,       next_chunk,     accept_answer,
                                   fail_file, deliver_result, drop_result};
    PNI_TRY(pni_extract_run(pools, N_POOLS, &sink, ctx->options->cancel, err));
    PNI_TRY(pni_line_batch_flush(&ctx->lines, err));
    for (int i = 0; i < PNI_EVIDENCE_COUNT; i++) {
        PNI_TRY(pni_spool_finish(ctx->spools[i], err));
    }
    ctx->delivered[0] = ctx->delivered[1] = ctx->scan->files.count;
    report_progress(ctx);
    return PN_OK;
}

pn_status pni_cpg_collect(pni_scan *scan, const pni_cpg_collect_options *options,
                          pni_spool *spools[PNI_EVIDENCE_COUNT], json_t **tools_out,
                          pn_error *err) {
    launch launches[N_POOLS] = {0};
    pni_pool *pools[N_POOLS] = {NULL};
    collect_ctx ctx = {.scan = scan, .options = options, .spools = spools};
    pn_status status = open_spools(options->tmp_dir, spools, err);
    ctx.lines.spool = spools[PNI_EVIDENCE_LINES];
    status = status == PN_OK ? start_pools(options, launches, pools, err) : status;
    status = status == PN_OK ? run(&ctx, pools, err) : status;
    if (status == PN_OK) {
        *tools_out = describe_tools(pools);
    }
    pni_auto_release_array(&ctx.lines.array);
    pni_chunk_unref(ctx.carried);
    for (size_t i = 0; i < N_POOLS; i++) {
        pni_pool_free(pools[i]);
        pni_free(launches[i].program);
        pni_free(launches[i].python);
    }
    return status;
}
