#include "base/base.h"
#include "t.h"
#include "udf/udf_priv.h"

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
    T_OK(pni_udf_load(catalog, NULL, path, NULL, &err), &err);
    T_OK(pni_udf_load(catalog, NULL, path, NULL, &err), &err); /* once more is fine */
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
    T_STATUS(pni_udf_load(catalog, NULL, wrong, NULL, &err), PN_ABI, &err);
    T_MESSAGE_HAS(err, "needs plugin ABI 7.3, this pinion offers 1.1");
    PNI_AUTO_PTR(pni_text) refuses = pack_path("refuses");
    T_STATUS(pni_udf_load(catalog, NULL, refuses, NULL, &err), PN_UNSUPPORTED, &err);
    T_EQ_STR(err.detail, "no licence for this machine");
}

T_CASE(files_that_are_no_packs_are_refused) {
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    pn_error err = PN_ERROR_INIT;
    T_STATUS(pni_udf_load(catalog, NULL, "/no/such/pack.so", NULL, &err), PN_NOT_FOUND, &err);
    PNI_AUTO_PTR(pni_text) path = pni_path_join(t_tmpdir(), "text.so");
    T_OK(pni_file_write(path, "hello", 5, &err), &err);
    T_STATUS(pni_udf_load(catalog, NULL, path, NULL, &err), PN_IO, &err);
    T_EQ_INT(err.number, PNI_E_UDF_LOAD);
    T_MESSAGE_HAS(err, "text.so");
    T_ASSERT(err.detail[0] != '\0');
}

/* ---- the file under a mapping -----------------------------------------------------------------
 */

/* A copy of the pack `good` with `extra` bytes behind it, which the loader does not look at. */
static char *copy_of_good(const char *name, const char *extra) {
    PNI_AUTO_PTR(pni_text) from = pack_path("good");
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    char *path = pni_path_join(t_tmpdir(), name);
    T_OK(pni_file_read(from, 1 << 24, &bytes, &err), &err);
    pni_buf_puts(&bytes, extra);
    T_OK(pni_file_write(path, bytes.data, bytes.len, &err), &err); /* under another name, renamed */
    return path;
}

static void expect_replaced(const char *path) {
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    pn_error err = PN_ERROR_INIT;
    T_STATUS(pni_udf_load(catalog, NULL, path, NULL, &err), PN_IO, &err);
    T_EQ_INT(err.number, PNI_E_UDF_LOAD);
    T_MESSAGE_HAS(err, "the file was replaced while the old one is mapped");
    T_ASSERT(!pni_udf_find(catalog, "double_it"));
    T_EQ_UINT(pni_udf_pack_count(catalog), 1);
}

T_CASE(sessions_share_what_was_adopted) {
    PNI_AUTO_PTR(pni_text) path = copy_of_good("shared.so", "");
    PNI_AUTO_PTR(pni_udf_catalog) first = pni_udf_catalog_new();
    PNI_AUTO_PTR(pni_udf_catalog) second = pni_udf_catalog_new();
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_udf_load(first, NULL, path, NULL, &err), &err);
    T_OK(pni_udf_load(second, NULL, path, NULL, &err), &err);
    T_ASSERT(pni_udf_find(first, "double_it") == pni_udf_find(second, "double_it"));
}

T_CASE(a_pack_that_was_replaced_by_a_new_file_is_refused) {
    PNI_AUTO_PTR(pni_text) path = copy_of_good("renamed.so", "");
    PNI_AUTO_PTR(pni_udf_catalog) before = pni_udf_catalog_new();
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_udf_load(before, NULL, path, NULL, &err), &err);
    pni_free(copy_of_good("renamed.so", "rebuilt"));
    expect_replaced(path);
    PNI_AUTO_PTR(pni_udf_catalog) other = pni_udf_catalog_new();
    PNI_AUTO_PTR(pni_text) elsewhere = copy_of_good("elsewhere.so", "rebuilt");
    T_OK(pni_udf_load(other, NULL, elsewhere, NULL, &err), &err); /* a name of its own will do */
    T_ASSERT(pni_udf_find(other, "double_it") != pni_udf_find(before, "double_it"));
}

T_CASE(a_pack_that_was_written_over_in_place_is_refused) {
    PNI_AUTO_PTR(pni_text) path = copy_of_good("rewritten.so", "");
    PNI_AUTO_PTR(pni_udf_catalog) before = pni_udf_catalog_new();
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_udf_load(before, NULL, path, NULL, &err), &err);
    FILE *file = fopen(path, "ab"); /* what is mapped stays what it is */
    T_ASSERT(file && fputs("rebuilt", file) >= 0 && fclose(file) == 0);
    expect_replaced(path);
}

T_CASE(a_digest_that_is_expected_is_that_of_what_is_loaded) {
    PNI_AUTO_PTR(pni_text) path = pack_path("good");
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    pn_error err = PN_ERROR_INIT;
    char digest[PNI_SHA256_HEX];
    T_OK(pni_sha256_file(path, digest, NULL, &err), &err);
    T_STATUS(pni_udf_load(catalog, NULL, path, "00", &err), PN_DRIFT, &err);
    T_EQ_UINT(pni_udf_pack_count(catalog), 1);
    T_OK(pni_udf_load(catalog, NULL, path, digest, &err), &err);
    T_EQ_UINT(pni_udf_pack_count(catalog), 2);
}

/* ---- nobody replaces anybody ------------------------------------------------------------------
 */

static const pn_plugin *refuse_all(void *ctx, const pn_create_function *statement, char *message,
                                   size_t cap) {
    (void)ctx, (void)statement, (void)message, (void)cap;
    return NULL;
}

static int32_t provide(void *ctx, const char *options, pn_table *out, char *message, size_t cap) {
    (void)ctx, (void)options, (void)out, (void)message, (void)cap;
    return 1;
}

static const pn_table_provider tab = {.struct_size = sizeof tab, .name = "tab", .open = provide};
static const pn_option limit = {
    .struct_size = sizeof limit, .key = "p.limit", .format = "l", .default_text = "7"};
static const pn_function_factory shift = {
    .struct_size = sizeof shift, .language = "shift", .create = refuse_all};

/* A pack that brings some of the three above. */
static const pn_plugin *pack_of(const char *name, bool has_tab, bool has_limit, bool has_shift) {
    const pn_plugin theirs = {.struct_size = sizeof theirs,
                              .abi_major = PN_PLUGIN_ABI_MAJOR,
                              .abi_minor_min = 1,
                              .udf_stride = sizeof(pn_udf),
                              .name = name,
                              .version = "1",
                              .table_provider_stride = sizeof tab,
                              .n_table_providers = has_tab,
                              .table_providers = &tab,
                              .option_stride = sizeof limit,
                              .n_options = has_limit,
                              .options = &limit,
                              .function_factory_stride = sizeof shift,
                              .n_function_factories = has_shift,
                              .function_factories = &shift};
    const pn_plugin *ours = NULL;
    pn_error err = PN_ERROR_INIT;
    T_OK(pni_udf_adopt(&theirs, name, &ours, &err), &err);
    return ours;
}

static void expect_taken(const pni_udf_catalog *catalog, const pn_plugin *pack, const char *what) {
    pn_error err = PN_ERROR_INIT;
    T_STATUS(pni_udf_check_free(catalog, pack, NULL, &err), PN_EXISTS, &err);
    T_EQ_INT(err.number, PNI_E_UDF_DUPLICATE);
    T_MESSAGE_HAS(err, what);
}

T_CASE(what_packs_bring_beside_functions_has_one_owner) {
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    char digest[PNI_SHA256_HEX] = "of the first";
    pn_error err = PN_ERROR_INIT;
    const pn_plugin *first = pack_of("first", true, true, true);
    T_OK(pni_udf_check_free(catalog, first, NULL, &err), &err);
    pni_udf_catalog_put(catalog, first, digest);
    expect_taken(catalog, pack_of("first", true, false, false), "a table provider 'first.tab'");
    expect_taken(catalog, pack_of("second", true, true, false), "an option 'p.limit'");
    expect_taken(catalog, pack_of("second", true, false, true), "a language 'shift'");
    T_OK(pni_udf_check_free(catalog, pack_of("second", true, false, false), NULL, &err), &err);
}
