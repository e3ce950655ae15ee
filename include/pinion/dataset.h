/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/dataset.h: named locations of data, and the catalog that holds them.
 *
 * A dataset is a name, a format and a uri, perhaps a version or timestamp, options, a declared
 * schema and metadata. A catalog is a set of them; it is filled, then handed to a session, which
 * resolves each dataset at most once, to one point in time.
 *
 *     pn_dataset_spec orders = PN_DATASET_SPEC_INIT;
 *     orders.name = "orders", orders.format = "delta", orders.uri = "/data/orders";
 *     if (pn_catalog_add(catalog, &orders, &err) != PN_OK) …
 */
#ifndef PINION_DATASET_H
#define PINION_DATASET_H

#include "pinion/arrow.h"
#include "pinion/error.h"

PN_EXTERN_C_BEGIN

/** A missing dataset becomes an empty table of its declared schema, and a diagnostic. */
#define PN_DATASET_OPTIONAL 1u

/** What a dataset is. Zeroed = default; only name, format and uri are required. */
typedef struct pn_dataset_spec {
    uint32_t struct_size;
    uint32_t flags;           /**< PN_DATASET_* */
    const char *name;         /**< [a-z_][a-z0-9_]*, at most 128 bytes */
    const char *format;       /**< "delta", "parquet", "csv", "json" (NDJSON) or "arrow" (IPC) */
    const char *uri;          /**< file, folder or URL; a relative path counts from base_dir */
    const char *base_dir;     /**< NULL = current folder; never part of an identity */
    const char *version;      /**< Delta: decimal version, or NULL for the latest */
    const char *timestamp;    /**< Delta: RFC 3339 instant, or NULL; not together with version */
    const char *options_json; /**< scan options, JSON object of texts, or NULL */
    const char *storage_options_json; /**< object store options, JSON object of texts, or NULL; may
                                         hold secrets */
    const char *metadata_json; /**< {"ddl","constraints","partition_columns","defaults"}, or NULL */
    const struct ArrowSchema
        *schema;            /**< declared schema (borrowed for the call), or NULL to infer */
    const char *files_json; /**< Delta: JSON array of the only files of the version to read, as the
                               log has their paths; or NULL for all of them. Since 0.1 */
} pn_dataset_spec;

#ifdef __cplusplus
static inline pn_dataset_spec pn_dataset_spec_init(void) {
    pn_dataset_spec s = {};
    s.struct_size = sizeof s;
    return s;
}
#else
#define PN_DATASET_SPEC_INIT ((pn_dataset_spec){.struct_size = sizeof(pn_dataset_spec)})
#endif

/**
 * Makes an empty catalog.
 *
 * @owns    caller owns the catalog, pn_catalog_unref()
 * @threads any
 * @since   0.1
 */
PN_API PN_OWN pn_catalog *pn_catalog_new(void);

/**
 * Drops one reference to `catalog`.
 *
 * @param catalog  may be NULL
 * @threads any
 * @since   0.1
 */
PN_API void pn_catalog_unref(PN_OWN pn_catalog *catalog);

/**
 * Adds a dataset; the spec is copied. Opens nothing.
 *
 * @errors  INVALID a name, format or option is wrong · EXISTS the name is taken
 * @threads one thread at a time, before a session holds the catalog
 * @cost    O(1)
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_catalog_add(pn_catalog *catalog, const pn_dataset_spec *spec,
                                             pn_error *err);

/**
 * Adds every table found directly in a folder: sub-folders with a `_delta_log`, and files or
 * folders of `.parquet`, `.csv`,
 * `.json`, `.jsonl`, `.ndjson` and `.arrow` data. The name is the file stem in lower case; entries
 * whose stem is no valid name are skipped; names already present win.
 *
 * @param added_out  may be NULL; number of datasets added
 * @errors  NOT_FOUND no such folder · IO
 * @threads as pn_catalog_add()
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_catalog_autoload(pn_catalog *catalog, const char *folder,
                                                  size_t *added_out, pn_error *err);

/**
 * Counts the datasets.
 *
 * @threads any, while nobody adds
 * @since   0.1
 */
PN_API size_t pn_catalog_count(const pn_catalog *catalog);

/**
 * Gives the name of dataset `index` in name order; NULL past the end. Borrowed from the catalog.
 *
 * @threads any, while nobody adds
 * @since   0.1
 */
PN_API const char *pn_catalog_name_at(const pn_catalog *catalog, size_t index);

/**
 * Describes a dataset as JSON:
 * {"name","format","uri","version","timestamp","optional","options","metadata"}; storage options
 * are left out, since they may hold secrets.
 *
 * @param json_out  [out] appended to
 * @errors  NOT_FOUND no such dataset
 * @threads any, while nobody adds
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_catalog_describe(const pn_catalog *catalog, const char *name,
                                                  pn_buf *json_out, pn_error *err);

PN_EXTERN_C_END

#endif
