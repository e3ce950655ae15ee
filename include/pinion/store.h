/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/store.h: the artifact store of a project, Delta tables in `.pinion/artifacts/` that say
 * what ran.
 *
 * Builds record by themselves (see pn_project_build()); these functions look at what was recorded,
 * and throw old parts away. The tables are ordinary Delta tables, partitioned by day: any tool that
 * reads Delta reads them.
 *
 *     pn_catalog *catalog = NULL;
 *     pn_session_options options = PN_SESSION_OPTIONS_INIT;
 *     if (pn_store_catalog("/data/shop", &catalog, &err) == PN_OK) {
 *         options.catalog = catalog;
 *         pn_session_open(&options, &session, &err); // select * from runs
 *     }
 */
#ifndef PINION_STORE_H
#define PINION_STORE_H

#include "pinion/error.h"
#include "pinion/types.h"

PN_EXTERN_C_BEGIN

/** Flags of pn_store_gc_options. */
enum {
    PN_STORE_GC_APPLY = 1, /**< remove; without it the report says what would be removed */
};

/** What is removed. Zeroed = nothing but what no table refers to. */
typedef struct pn_store_gc_options {
    uint32_t struct_size;
    uint32_t flags;         /**< PN_STORE_GC_* */
    uint64_t older_than_ms; /**< days that ended longer ago than this go; 0 = none */
    pn_cancel *cancel;      /**< may be NULL */
} pn_store_gc_options;

#ifdef __cplusplus
static inline pn_store_gc_options pn_store_gc_options_init(void) {
    pn_store_gc_options o = {};
    o.struct_size = sizeof o;
    return o;
}
#else
#define PN_STORE_GC_OPTIONS_INIT ((pn_store_gc_options){.struct_size = sizeof(pn_store_gc_options)})
#endif

/**
 * Lists the tables that hold something as JSON, in the order of pn_store_schemas():
 * [{"table","about","rows","version","files","bytes","first_date","last_date"}]; counts are text.
 *
 * @param project_dir  folder of the project
 * @param json_out  [out] appended to
 * @errors  NOT_FOUND neither a store nor a project is there · CORRUPT a table is damaged
 * @threads any; blocks
 * @cost    one log listing per table; rows are counted from statistics
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_store_list(const char *project_dir, pn_buf *json_out,
                                            pn_error *err);

/**
 * Gives all tables as datasets of a catalog, for a session of the caller's. A table that holds
 * nothing yet is an empty one.
 *
 * @param catalog_out  [out] set only on PN_OK
 * @owns    caller owns *catalog_out, pn_catalog_unref()
 * @errors  NOT_FOUND neither a store nor a project is there
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_store_catalog(const char *project_dir,
                                               PN_OWN pn_catalog **catalog_out, pn_error *err);

/**
 * Describes the tables as JSON, whether they hold something or not:
 * {"format","tables":[{"table","about","columns":[{"name","type","nullable","about"}]}]}.
 *
 * @param json_out  [out] appended to
 * @errors  INVALID json_out is NULL
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_store_schemas(pn_buf *json_out, pn_error *err);

/**
 * Removes whole days that are old, joins the small files of the others, and deletes the files that
 * no table refers to. Without PN_STORE_GC_APPLY nothing changes.
 *
 * A file that belongs to no table's current version is deleted when its day is removed, else when
 * it is an hour old: it may be one that another process is writing. A query that runs meanwhile may
 * fail and can be run again.
 *
 * @param report_out  [out] JSON {"applied":bool,"before":"YYYY-MM-DD"|null,"tables":[{"table",
 *     "days":[…],"files","bytes","joined","unreferenced":{"files","bytes"}}]}; counts are text;
 *     appended to
 * @errors  NOT_FOUND neither a store nor a project is there · CONFLICT another writer won; run it
 *     again · IO
 * @threads one at a time; blocks
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_store_gc(const char *project_dir,
                                          const pn_store_gc_options *options, pn_buf *report_out,
                                          pn_error *err);

PN_EXTERN_C_END

#endif
