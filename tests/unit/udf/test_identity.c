#include "base/base.h"
#include "t.h"
#include "udf/udf_priv.h"

#include <utf8proc.h>

static void signature_is(const char *name, const char *want) {
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_udf_signature(pni_udf_find(catalog, name), &text);
    T_EQ_STR(pni_buf_text(&text), want);
}

T_CASE(signatures) {
    signature_is("stable_hash64", "(s) -> l");
    signature_is("stable_id", "(s,*...65) -> ?");
    signature_is("utf8_normalize", "(s[,s,b,b]) -> u");
    signature_is("span_make", "(l,l[,i,s,b]) -> ?");
}

/* The digest is the documented text and nothing else: this line may change only with the body's
 * version. */
T_CASE(digest_of_a_built_in_is_of_its_declaration) {
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    pn_error err = PN_ERROR_INIT;
    char got[PNI_SHA256_HEX];
    char want[PNI_SHA256_HEX];
    T_OK(pni_udf_digest(catalog, "hash64", got, &err), &err);
    pni_sha256_hex("stable_hash64|(s) -> l|1", strlen("stable_hash64|(s) -> l|1"), want);
    T_EQ_STR(got, want);
    T_STATUS(pni_udf_digest(catalog, "no_such", got, &err), PN_NOT_FOUND, &err);
}

/* What normalises or changes case is what the tables of Unicode make of it; nothing else is. */
T_CASE(tables_of_unicode_are_part_of_the_body) {
    static const char *const by_unicode[] = {"stable_hash_any", "utf8_normalize", "qname_normalize",
                                             "map_normalize"};
    const pn_plugin *pack = pni_udf_builtin();
    size_t found = 0;
    for (uint32_t i = 0; i < pack->n_udfs; i++) {
        const pn_udf *udf = &pack->udfs[i];
        bool wanted = false;
        for (size_t j = 0; j < sizeof by_unicode / sizeof by_unicode[0]; j++) {
            wanted = wanted || strcmp(udf->name, by_unicode[j]) == 0;
        }
        bool names_unicode = strstr(udf->body_version, utf8proc_unicode_version()) &&
                             strstr(udf->body_version, utf8proc_version());
        T_ASSERT(wanted == names_unicode);
        found += wanted;
    }
    T_EQ_UINT(found, sizeof by_unicode / sizeof by_unicode[0]);
}

T_CASE(identity_resolves_aliases_and_ignores_the_rest) {
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t)
    used = json_pack("[sssss]", "stable_id", "hash64", "sum", "stable_hash64", "span_len");
    PNI_AUTO_PTR(json_t) identity = NULL;
    T_OK(pni_udf_identity(catalog, used, &identity, &err), &err);
    T_EQ_UINT(json_array_size(identity), 3);
    T_EQ_STR(pni_json_text(json_array_get(identity, 0), "name"), "span_len");
    T_EQ_STR(pni_json_text(json_array_get(identity, 1), "name"), "stable_hash64");
    T_EQ_STR(pni_json_text(json_array_get(identity, 2), "name"), "stable_id");
    T_EQ_STR(pni_json_text(json_array_get(identity, 2), "volatility"), "immutable");
    T_EQ_UINT(json_object_size(json_array_get(identity, 0)), 4);
}

T_CASE(identity_of_nothing_is_empty) {
    PNI_AUTO_PTR(pni_udf_catalog) catalog = pni_udf_catalog_new();
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t) used = json_array();
    PNI_AUTO_PTR(json_t) identity = NULL;
    T_OK(pni_udf_identity(catalog, used, &identity, &err), &err);
    T_EQ_UINT(json_array_size(identity), 0);
    json_array_append_new(used, json_integer(3));
    PNI_AUTO_PTR(json_t) untouched = NULL;
    T_STATUS(pni_udf_identity(catalog, used, &untouched, &err), PN_INVALID, &err);
    T_ASSERT(!untouched);
}

/* In one order wherever they are told, whatever order a pack has them in. */
T_CASE(tags_are_sorted) {
    PNI_AUTO_PTR(json_t) tags = pni_udf_tags("window,dedupe,a,window");
    PNI_AUTO_PTR(json_t) want = json_pack("[s,s,s]", "a", "dedupe", "window");
    PNI_AUTO_PTR(json_t) none = pni_udf_tags(NULL);
    T_ASSERT(json_equal(tags, want));
    T_EQ_UINT(json_array_size(none), 0);
}
