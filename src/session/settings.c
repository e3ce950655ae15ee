/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles, short setting names and the exclusion list. A setting is part of every identity unless
 * it is on this list; an entry is here only because it cannot change which rows a plan gives: how
 * many threads, how much memory, where to spill, what to cache, how explain prints, which
 * statements are allowed.
 */
#include "session/session.h"

#define GIB (UINT64_C(1) << 30)

static const pni_profile profiles[] = {
    {"default", 8 * GIB, 8, 8192, false, true},   {"dev", 4 * GIB, 4, 8192, false, true},
    {"prod", 16 * GIB, 16, 8192, false, true},    {"cst_autoload", 8 * GIB, 8, 8192, true, true},
    {"symtable", 4 * GIB, 4, 8192, false, false},
};

const pni_profile *pni_profile_find(const char *name) {
    if (!name)
        return &profiles[0];
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
        if (pni_streq(profiles[i].name, name))
            return &profiles[i];
    return NULL;
}

/* Sorted bytewise. */
static const char *const exclusions[] = {
    "datafusion.catalog.create_default_catalog_and_schema",
    "datafusion.catalog.default_catalog",
    "datafusion.catalog.default_schema",
    "datafusion.catalog.format",
    "datafusion.catalog.information_schema",
    "datafusion.catalog.location",
    "datafusion.execution.enable_recursive_ctes",
    "datafusion.execution.max_spill_file_size_bytes",
    "datafusion.execution.meta_fetch_concurrency",
    "datafusion.execution.minimum_parallel_output_files",
    "datafusion.execution.objectstore_writer_buffer_size",
    "datafusion.execution.parquet.maximum_buffered_record_batches_per_stream",
    "datafusion.execution.parquet.maximum_parallel_row_group_writers",
    "datafusion.execution.parquet.metadata_size_hint",
    "datafusion.execution.planning_concurrency",
    "datafusion.execution.soft_max_rows_per_output_file",
    "datafusion.execution.sort_in_place_threshold_bytes",
    "datafusion.execution.sort_spill_reservation_bytes",
    "datafusion.execution.spill_compression",
    "datafusion.execution.target_partitions",
    "datafusion.explain.",
    "datafusion.format.",
    "datafusion.runtime.",
    "datafusion.sql_parser.recursion_limit",
};

size_t pni_setting_exclusion_count(void) {
    return sizeof exclusions / sizeof *exclusions;
}

const char *pni_setting_exclusion_at(size_t index) {
    return index < pni_setting_exclusion_count() ? exclusions[index] : NULL;
}

bool pni_setting_is_option(const char *key) {
    return strchr(key, '.') && !pni_starts_with(key, "datafusion.");
}

bool pni_setting_is_excluded(const char *key) {
    if (pni_setting_is_option(key)) /* the plan holds its value as a literal */
        return true;
    for (size_t i = 0; i < pni_setting_exclusion_count(); i++) {
        bool is_prefix = pni_ends_with(exclusions[i], ".");
        if (is_prefix ? pni_starts_with(key, exclusions[i]) : pni_streq(key, exclusions[i]))
            return true;
    }
    return false;
}

static const struct {
    const char *name, *key;
} short_names[] = {
    {"batch_size", "datafusion.execution.batch_size"},
    {"collect_statistics", "datafusion.execution.collect_statistics"},
    {"coalesce_batches", "datafusion.execution.coalesce_batches"},
    {"dialect", "datafusion.sql_parser.dialect"},
    {"explain_verbose", "datafusion.explain.show_schema"},
    {"parquet_pushdown", "datafusion.execution.parquet.pushdown_filters"},
    {"repartition_aggregations", "datafusion.optimizer.repartition_aggregations"},
    {"repartition_file_scans", "datafusion.optimizer.repartition_file_scans"},
    {"repartition_joins", "datafusion.optimizer.repartition_joins"},
    {"repartition_windows", "datafusion.optimizer.repartition_windows"},
    {"target_partitions", "datafusion.execution.target_partitions"},
    {"time_zone", "datafusion.execution.time_zone"},
};

const char *pni_setting_engine_key(const char *key) {
    for (size_t i = 0; i < sizeof short_names / sizeof *short_names; i++)
        if (pni_streq(short_names[i].name, key))
            return short_names[i].key;
    return pni_starts_with(key, "datafusion.") ? key : NULL;
}

bool pni_setting_is_known(const char *key) {
    static const char *const runtime[] = {"memory_limit",        "memory_pool", "plan_cache_limit",
                                          "require_local_paths", "spill_dir",   "spill_limit"};
    for (size_t i = 0; i < sizeof runtime / sizeof *runtime; i++)
        if (pni_streq(runtime[i], key))
            return true;
    return pni_setting_engine_key(key) != NULL || pni_setting_is_option(key);
}
