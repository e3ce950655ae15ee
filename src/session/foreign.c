/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries over datafusion-ffi. Such a library runs in this process with all that it is made of,
 * so a session takes one only when it was opened to; its table says size and major version before
 * anything of it is used. Functions and tables are known by the digest of the file, which is that
 * of the code that runs (pni_udf_map).
 */
#include "pinion/ffi.h"

#include "session/session_priv.h"

#include <dlfcn.h>
#include <stddef.h>

#define MAX_OBJECTS 1000u
#define LEAST_OBJECT (offsetof(pn_df_ffi_object, object) + sizeof(void *))

static pn_status refuse(const char *path, pn_error *err, const char *why) {
    return pni_fail(err, PNI_E_FFI_LIBRARY, "library '%s' %s", pni_path_base(path), why);
}

static pn_status enter(const char *path, void *handle, const pn_df_ffi **out, pn_error *err) {
    void *symbol = dlsym(handle, "pinion_df_ffi_entry");
    pn_df_ffi_entry_fn entry;
    if (!symbol) {
        const char *why = dlerror();
        pn_status status = refuse(path, err, "has no symbol pinion_df_ffi_entry");
        pni_error_detail(err, "%s", why ? why : "The loader gave no reason.");
        return status;
    }
    memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast from data to function pointers */
    *out = entry();
    return *out ? PN_OK : refuse(path, err, "refused to load");
}

static pn_status our_major(uint64_t *major, pn_error *err) {
    PNI_AUTO_PTR(json_t) info = NULL;
    PNI_TRY(pni_engine_build_info(&info, err));
    const char *version = pni_json_text(info, "datafusion");
    PNI_AUTO_PTR(pni_text)
    first = pni_strndup(version ? version : "", version ? strcspn(version, ".") : 0);
    return pni_parse_u64(first, major)
               ? PN_OK
               : pni_fail(err, PNI_E_INTERNAL, "the engine does not say its major version");
}

/* Size first, then the major version, then the rest: nothing is read that may not be there. */
static pn_status check_table(const char *path, const pn_df_ffi *table, pn_error *err) {
    const char *name = pni_path_base(path);
    uint64_t major;
    PNI_TRY(our_major(&major, err));
    if (table->struct_size < sizeof *table)
        return pni_fail(err, PNI_E_FFI_LIBRARY,
                        "library '%s' hands over a table of %u bytes, at least %zu are needed",
                        name, table->struct_size, sizeof *table);
    if (table->df_major != major)
        return pni_fail(err, PNI_E_FFI_LIBRARY,
                        "library '%s' was built for DataFusion %u, this engine is DataFusion %llu",
                        name, table->df_major, (unsigned long long)major);
    if (table->object_stride < LEAST_OBJECT || table->object_stride % sizeof(void *) != 0)
        return pni_fail(err, PNI_E_FFI_LIBRARY,
                        "library '%s' has objects of %u bytes, at least %zu are needed", name,
                        table->object_stride, LEAST_OBJECT);
    if (!table->objects || table->n_objects == 0 || table->n_objects > MAX_OBJECTS)
        return refuse(path, err, "hands over no objects, or more than 1000");
    return PN_OK;
}

static const pn_df_ffi_object *object_at(const pn_df_ffi *table, uint32_t index) {
    const char *base = (const char *)(const void *)table->objects;
    return (const pn_df_ffi_object *)(const void *)(base + (size_t)index * table->object_stride);
}

static pn_status check_table_name(const pn_session *session, const char *path, const char *name,
                                  pni_map *names, pn_error *err) {
    PNI_TRY(pni_name_check("table", name, err));
    if (pni_session_knows(session, name))
        return pni_fail(err, PNI_E_DATASET_EXISTS, "table '%s' is there already", name);
    if (pni_map_has(names, name))
        return pni_fail(err, PNI_E_DATASET_EXISTS, "library '%s' hands over two tables '%s'",
                        pni_path_base(path), name);
    pni_map_put(names, name, names);
    return PN_OK;
}

/* All of them are looked at before the first is added. */
static pn_status check_objects(const pn_session *session, const char *path, const pn_df_ffi *table,
                               pn_error *err) {
    PNI_AUTO_PTR(pni_map) names = pni_map_new();
    for (uint32_t i = 0; i < table->n_objects; i++) {
        const pn_df_ffi_object *object = object_at(table, i);
        if (object->kind < PN_DF_FFI_SCALAR || object->kind > PN_DF_FFI_TABLE)
            return pni_fail(err, PNI_E_FFI_LIBRARY,
                            "library '%s' hands over object %u of the unknown kind %d",
                            pni_path_base(path), i + 1, object->kind);
        if (!object->object)
            return pni_fail(err, PNI_E_FFI_LIBRARY, "library '%s' hands over object %u as NULL",
                            pni_path_base(path), i + 1);
        if (object->kind != PN_DF_FFI_TABLE)
            continue;
        if (!object->name)
            return pni_fail(err, PNI_E_FFI_LIBRARY,
                            "library '%s' hands over table %u without a name", pni_path_base(path),
                            i + 1);
        PNI_TRY(check_table_name(session, path, object->name, names, err));
    }
    return PN_OK;
}

static pn_status add_function(pn_session *session, const pn_df_ffi_object *object, const char *path,
                              const char *digest, pn_error *err) {
    PNI_AUTO_PTR(json_t) made = NULL;
    PNI_TRY(pni_engine_add_foreign(session->engine, object->kind, object->object, &made, err));
    pni_sql_functions_add_foreign(session->sql_functions, made, pni_path_base(path), digest);
    return PN_OK;
}

static pn_status add_table(pn_session *session, const pn_df_ffi_object *object, const char *digest,
                           pn_error *err) {
    PNI_AUTO_PTR(pni_resolved) resolved = pni_calloc(1, sizeof *resolved);
    PNI_TRY(pni_engine_table_foreign(session->engine, object->object, &resolved->table, err));
    PNI_TRY(pni_engine_table_schema(resolved->table, &resolved->schema, err));
    resolved->pin =
        json_pack("{s:s, s:s, s:s}", "format", "ffi", "library", digest, "table", object->name);
    resolved->evidence = json_object();
    resolved->diagnostics = json_array();
    return pni_session_install_table(session, object->name, &resolved, true, err);
}

pn_status pn_session_load_foreign(pn_session *session, const char *path, const char *digest,
                                  pn_error *err) {
    const pn_df_ffi *table = NULL;
    void *handle = NULL;
    char found[PNI_SHA256_HEX];
    if (!session || !path || path[0] != '/')
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_session_load_foreign: session and an absolute path must be given");
    if (!session->allow_ffi)
        return pni_fail(err, PNI_E_FFI_FORBIDDEN, "the session takes no foreign libraries: '%s'",
                        pni_path_base(path));
    PNI_SESSION_GUARD(session);
    PNI_TRY(pni_session_check_early(session, err));
    PNI_TRY(pni_udf_map("library", path, digest, &handle, found, err));
    PNI_TRY(enter(path, handle, &table, err));
    PNI_TRY(check_table(path, table, err));
    PNI_TRY(check_objects(session, path, table, err));
    pni_session_functions_changed(session);
    for (uint32_t i = 0; i < table->n_objects; i++) {
        const pn_df_ffi_object *object = object_at(table, i);
        pn_status status = object->kind == PN_DF_FFI_TABLE
                               ? add_table(session, object, found, err)
                               : add_function(session, object, path, found, err);
        if (status != PN_OK) {
            pni_error_context(err, "library '%s', object %u", pni_path_base(path), i + 1);
            return status;
        }
    }
    return PN_OK;
}
