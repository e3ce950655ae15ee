/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Throwing away. Days are partitions, so an old day goes by one Delta delete that rewrites nothing;
 * then the small files of the other days are joined, and what no table refers to is deleted from
 * the folders of the partitions. In that order: whatever is killed in between leaves whole tables
 * and at worst files that the next gc finds. A file that is not an hour old may belong to an append
 * that has not committed yet, so it stays, but for files of removed days, which no one writes.
 */
#include "store/store_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_MS INT64_C(86400000)
#define YOUNG_MS INT64_C(3600000)

typedef struct gc_run {
    const char *project_dir;
    const pn_store_gc_options *options;
    pni_engine_session *session;
    char before[16]; /* days before this one go; "" = none */
    int64_t now_ms;
} gc_run;

typedef struct gc_table {
    const gc_run *run;
    pni_record_kind kind;
    char *uri;
    pni_map *before;       /* relative paths of the files of the version that was found */
    pni_map *active;       /* the same of the version that gc leaves */
    pni_map *days;         /* days that go */
    uint64_t files, bytes; /* of those days */
    uint64_t small_files;  /* of the other days that have more than one */
    uint64_t loose_files, loose_bytes; /* neither version refers to them */
    json_t *joined;                    /* how many files were joined, or NULL */
} gc_table;

static void table_dispose(gc_table *table) {
    pni_free(table->uri);
    pni_map_free(table->before);
    pni_map_free(table->active);
    pni_map_free(table->days);
    json_decref(table->joined);
}

static bool is_old(const gc_run *run, const char *date) {
    return *run->before && strcmp(date, run->before) < 0;
}

/* Reads the files of the current version into `paths`; gives NULL when there is no table. */
static pn_status list_files(const gc_table *table, pni_map *paths, json_t **files, pn_error *err) {
    PNI_AUTO_PTR(pni_engine_table) opened = NULL;
    PNI_AUTO_PTR(json_t) info = NULL;
    size_t i;
    json_t *file;
    PNI_TRY(store_open_table(table->run->session, table->run->project_dir, table->kind, &opened,
                             &info, err));
    *files = json_incref(json_object_get(json_object_get(info, "delta"), "files"));
    json_array_foreach(*files, i, file) pni_map_put(paths, pni_json_text(file, "path"), file);
    return PN_OK;
}

/* Decides which days go and whether the rest has files to join. */
static void choose(gc_table *table, const json_t *files) {
    PNI_AUTO_PTR(pni_map) kept_days = pni_map_new();
    size_t i;
    json_t *file;
    json_array_foreach((json_t *)(uintptr_t)files, i, file) {
        char date[16];
        uint64_t size = 0;
        if (!store_partition_of(pni_json_text(file, "path"), date))
            continue;
        if (is_old(table->run, date)) {
            pni_map_put(table->days, date, table);
            table->files++;
            table->bytes += pni_json_u64_of(file, "size", &size) ? size : 0;
        } else {
            uintptr_t count = (uintptr_t)pni_map_get(kept_days, date);
            pni_map_put(kept_days, date, (void *)(count + 1));
            table->small_files += count == 0 ? 0 : count == 1 ? 2 : 1;
        }
    }
}

static pn_status change(gc_table *table, const char *operation, const char *predicate,
                        json_t **report, pn_error *err) {
    PNI_AUTO_PTR(json_t)
    request = json_pack("{s:s, s:s}", "operation", operation, "uri", table->uri);
    if (predicate)
        json_object_set_new(request, "predicate", json_string(predicate));
    pn_status status = pni_engine_delta_run(table->run->session, request,
                                            table->run->options->cancel, report, err);
    if (status != PN_OK)
        pni_error_context(err, "table '%s'", pni_record_table(table->kind));
    return status;
}

static pn_status remove_days(gc_table *table, pn_error *err) {
    PNI_AUTO(pn_buf) predicate = PN_BUF_INIT;
    PNI_AUTO_PTR(json_t) report = NULL;
    if (!table->files)
        return PN_OK;
    pni_buf_printf(&predicate, STORE_PARTITION " < cast('%s' as date)", table->run->before);
    return change(table, "delete", pni_buf_text(&predicate), &report, err);
}

static pn_status join_files(gc_table *table, pn_error *err) {
    PNI_AUTO_PTR(json_t) report = NULL;
    if (!table->small_files)
        return PN_OK;
    PNI_TRY(change(table, "optimize", NULL, &report, err));
    table->joined = json_incref(json_object_get(report, "files_removed"));
    return PN_OK;
}

/* ---- files that nothing refers to ---------------------------------------------------------- */

static bool is_loose(const gc_table *table, const char *relative, const char *date,
                     const struct stat *st) {
    int64_t age_ms = table->run->now_ms - (int64_t)st->st_mtim.tv_sec * 1000;
    return S_ISREG(st->st_mode) && pni_ends_with(relative, ".parquet") &&
           !pni_map_has(table->active, relative) && (is_old(table->run, date) || age_ms > YOUNG_MS);
}

static pn_status sweep_day(gc_table *table, const char *date, pn_error *err) {
    PNI_AUTO(pn_buf) name = PN_BUF_INIT;
    pni_buf_printf(&name, STORE_PARTITION "=%s", date);
    PNI_AUTO_PTR(pni_text) folder = pni_path_join(table->uri, pni_buf_text(&name));
    DIR *dir = opendir(folder);
    if (!dir)
        return errno == ENOENT ? PN_OK
                               : pni_fail_os(err, PNI_E_STORE_SWEEP, errno, "folder '%s'", folder);
    pn_status status = PN_OK;
    const struct dirent *entry;
    while (status == PN_OK && (entry = readdir(dir))) {
        struct stat st;
        PNI_AUTO_PTR(pni_text) relative = pni_path_join(pni_buf_text(&name), entry->d_name);
        if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            !is_loose(table, relative, date, &st))
            continue;
        if (!pni_map_has(table->before, relative)) { /* else it was counted with its day */
            table->loose_files++;
            table->loose_bytes += (uint64_t)st.st_size;
        }
        if ((table->run->options->flags & PN_STORE_GC_APPLY) &&
            unlinkat(dirfd(dir), entry->d_name, 0) != 0 && errno != ENOENT)
            status = pni_fail_os(err, PNI_E_STORE_SWEEP, errno, "removing '%s' of table '%s'",
                                 relative, pni_record_table(table->kind));
    }
    closedir(dir);
    if (table->run->options->flags & PN_STORE_GC_APPLY)
        (void)rmdir(folder); /* one that is not empty stays */
    return status;
}

static pn_status sweep(gc_table *table, pn_error *err) {
    DIR *dir = opendir(table->uri);
    if (!dir)
        return pni_fail_os(err, PNI_E_STORE_SWEEP, errno, "folder '%s'", table->uri);
    PNI_AUTO_PTR(pni_map) days = pni_map_new();
    const struct dirent *entry;
    while ((entry = readdir(dir))) {
        char date[16];
        PNI_AUTO_PTR(pni_text) path = pni_path_join(entry->d_name, "x");
        if (store_partition_of(path, date))
            pni_map_put(days, date, table);
    }
    closedir(dir);
    for (size_t i = 0; i < pni_map_count(days); i++)
        PNI_TRY(sweep_day(table, pni_map_key_at(days, i), err));
    return PN_OK;
}

/* ---- all tables ---------------------------------------------------------------------------- */

static json_t *table_report(const gc_table *table) {
    json_t *days = json_array();
    const char **sorted = pni_map_sorted_keys(table->days);
    for (size_t i = 0; i < pni_map_count(table->days); i++)
        json_array_append_new(days, json_string(sorted[i]));
    pni_free(sorted);
    bool is_applied = table->run->options->flags & PN_STORE_GC_APPLY;
    json_t *joined = table->joined ? json_incref(table->joined)
                                   : pni_json_u64(is_applied ? 0 : table->small_files);
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:{s:o, s:o}}", "table",
                     pni_record_table(table->kind), "days", days, "files",
                     pni_json_u64(table->files), "bytes", pni_json_u64(table->bytes), "joined",
                     joined, "unreferenced", "files", pni_json_u64(table->loose_files), "bytes",
                     pni_json_u64(table->loose_bytes));
}

static pn_status gc_one(gc_table *table, json_t *reports, pn_error *err) {
    PNI_AUTO_PTR(json_t) found = NULL;
    PNI_AUTO_PTR(json_t) left = NULL;
    PNI_TRY(list_files(table, table->before, &found, err));
    if (!found)
        return PN_OK;
    choose(table, found);
    if (table->run->options->flags & PN_STORE_GC_APPLY) {
        PNI_TRY(remove_days(table, err));
        PNI_TRY(join_files(table, err));
    }
    PNI_TRY(list_files(table, table->active, &left, err));
    PNI_TRY(sweep(table, err));
    json_array_append_new(reports, table_report(table));
    return PN_OK;
}

static pn_status gc_all(const gc_run *run, json_t *reports, pn_error *err) {
    for (pni_record_kind kind = 0; kind < PNI_RECORD_KINDS; kind++) {
        PNI_TRY(pni_cancel_check(run->options->cancel, err));
        PNI_AUTO_PTR(pni_text) relative = pni_store_path(run->project_dir, pni_record_table(kind));
        gc_table table = {.run = run,
                          .kind = kind,
                          .uri = pni_path_absolute(relative),
                          .before = pni_map_new(),
                          .active = pni_map_new(),
                          .days = pni_map_new()};
        pn_status status = gc_one(&table, reports, err);
        table_dispose(&table);
        PNI_TRY(status);
    }
    return PN_OK;
}

pn_status pn_store_gc(const char *project_dir, const pn_store_gc_options *theirs,
                      pn_buf *report_out, pn_error *err) {
    pn_store_gc_options options;
    PNI_AUTO_PTR(pni_engine_session) session = NULL;
    PNI_AUTO_PTR(json_t) reports = json_array();
    if (!project_dir || !report_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_store_gc: project_dir and report_out must not be NULL");
    PNI_TRY(pni_options_copy(&options, sizeof options, theirs, "store gc options", err));
    PNI_TRY(store_check(project_dir, err));
    PNI_TRY(store_session(&session, err));
    gc_run run = {.project_dir = project_dir,
                  .options = &options,
                  .session = session,
                  .now_ms = pni_now_unix_ms()};
    if (options.older_than_ms && options.older_than_ms < (uint64_t)run.now_ms)
        pni_store_date(run.now_ms / DAY_MS * DAY_MS - (int64_t)options.older_than_ms, run.before);
    PNI_TRY(gc_all(&run, reports, err));
    bool is_applied = options.flags & PN_STORE_GC_APPLY;
    PNI_AUTO_PTR(json_t)
    report = json_pack("{s:b, s:s?, s:O}", "applied", is_applied, "before",
                       *run.before ? run.before : NULL, "tables", reports);
    return pni_json_canonical(report, report_out, err);
}
