#include "base/base.h"
#include "t.h"
#include "udf/udf.h"

#include <stdlib.h>

T_CASE(built_ins_are_found_by_name_and_alias) {
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    const pn_udf *udf = pni_udf_find(catalog, "stable_hash64");
    T_ASSERT(udf);
    T_ASSERT(pni_udf_find(catalog, "hash64") == udf);
    T_ASSERT(!pni_udf_find(catalog, "no_such"));
    T_EQ_STR(pni_udf_volatility_text(udf), "immutable");
}

T_CASE(every_function_the_pack_promises_is_there) {
    static const char *const names[] = {"stable_hash64",
                                        "stable_hash128",
                                        "prefixed_hash64",
                                        "stable_id",
                                        "stable_id_parts",
                                        "prefixed_hash_parts64",
                                        "stable_hash_any",
                                        "span_make",
                                        "span_len",
                                        "span_overlaps",
                                        "span_contains",
                                        "span_id",
                                        "interval_align_score",
                                        "utf8_null_if_blank",
                                        "utf8_normalize",
                                        "qname_normalize",
                                        "cdf_change_rank",
                                        "cdf_is_upsert",
                                        "cdf_is_delete",
                                        "col_to_byte",
                                        "canonicalize_byte_span",
                                        "hash64",
                                        "hash128",
                                        "prefixed_hash",
                                        "stable_id_multi",
                                        "prefixed_hash_parts",
                                        "stable_hash",
                                        "span",
                                        "null_if_blank",
                                        "normalize_utf8",
                                        "qualname_normalize",
                                        "arrow_metadata",
                                        "semantic_tag",
                                        "cpg_score",
                                        "map_get_default",
                                        "map_normalize",
                                        "list_compact",
                                        "list_unique_sorted",
                                        "array_unique_sorted",
                                        "struct_pick",
                                        "struct_select",
                                        "position_encoding_norm",
                                        "async_echo"};
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!pni_udf_find(catalog, names[i])) {
            T_FAIL("there is no function '%s'", names[i]);
        }
    }
    PNI_AUTO_PTR(json_t) all = pni_udf_specs(catalog);
    T_EQ_UINT(json_array_size(all), pni_udf_function_count(pni_udf_builtin()));
}

#define T_MESSAGE_HAS(err, part)                                                                   \
    do {                                                                                           \
        if (!strstr((err).message, (part))) {                                                      \
            T_FAIL("the message is '%s', want '%s' in it", (err).message, (part));                 \
        }                                                                                          \
    } while (0)

/* A test pack of the build; skips where there is no build tree. */
static char *pack_path(const char *name) {
    const char *build = getenv("PN_BUILD_DIR");
    if (!build) {
        T_SKIP("no build tree (PN_BUILD_DIR)");
    }
    PNI_AUTO(pn_buf) path = PN_BUF_INIT;
    pni_buf_printf(&path, "%s/tests/plugins/%s.so", build, name);
    if (!pni_path_exists(pni_buf_text(&path))) {
        T_SKIP("the test packs are not built");
    }
    return pni_buf_steal(&path);
}

T_CASE(a_foreign_pack_is_known_by_its_file) {
    PNI_AUTO_PTR(pni_text) path = pack_path("good");
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_udf_load(catalog, path, &err), &err);
    T_OK(pni_udf_load(catalog, path, &err), &err); /* once more is fine */
    T_ASSERT(pni_udf_find(catalog, "twice"));
    char got[PNI_SHA256_HEX];
    char want[PNI_SHA256_HEX];
    T_OK(pni_udf_digest(catalog, "double_it", got, &err), &err);
    T_OK(pni_sha256_file(path, want, NULL, &err), &err);
    T_EQ_STR(got, want);
}

T_CASE(packs_that_do_not_fit_are_refused) {
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_text) wrong = pack_path("wrong_abi");
    T_STATUS(pni_udf_load(catalog, wrong, &err), PN_ABI, &err);
    T_MESSAGE_HAS(err, "needs plugin ABI 7.3, this pinion offers 1.1");
    PNI_AUTO_PTR(pni_text) refuses = pack_path("refuses");
    T_STATUS(pni_udf_load(catalog, refuses, &err), PN_UNSUPPORTED, &err);
    T_EQ_STR(err.detail, "no licence for this machine");
}

T_CASE(files_that_are_no_packs_are_refused) {
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    pn_error err = PN_ERROR_INIT;
    T_STATUS(pni_udf_load(catalog, "/no/such/pack.so", &err), PN_NOT_FOUND, &err);
    PNI_AUTO_PTR(pni_text) path = pni_path_join(t_tmpdir(), "text.so");
    T_OK(pni_file_write(path, "hello", 5, &err), &err);
    T_STATUS(pni_udf_load(catalog, path, &err), PN_IO, &err);
    T_EQ_INT(err.number, PNI_E_UDF_LOAD);
    T_MESSAGE_HAS(err, "text.so");
    T_ASSERT(err.detail[0] != '\0');
}
