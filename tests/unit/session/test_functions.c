/* Functions of a session: the built-in pack, foreign packs by path and digest, their identity. */
#include "session_fixture.h"

static const char *pack_path(const char *name) {
    static char path[1024];
    const char *build = getenv("PN_BUILD_DIR");
    snprintf(path, sizeof path, "%s/tests/plugins/%s.so", build ? build : "", name);
    if (path[0] != '/' || !pni_path_exists(path))
        T_SKIP("the test packs are not built (PN_BUILD_DIR)");
    return path;
}

T_CASE(only_pack_functions_have_an_identity_of_their_own) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(json_t) names = json_pack("[s, s]", "abs", "sum");
    PNI_AUTO_PTR(json_t) found = NULL;
    FX_OK(pni_session_functions(session, names, &found, err));
    T_EQ_UINT(json_array_size(found), 0);
}

T_CASE(a_foreign_pack_is_loaded_by_path_and_digest) {
    const char *path = pack_path("good");
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(json_t) names = json_pack("[s]", "double_it");
    PNI_AUTO_PTR(json_t) before = NULL;
    PNI_AUTO_PTR(json_t) after = NULL;
    char digest[PNI_SHA256_HEX];
    uint64_t size;
    FX_OK(pni_sha256_file(path, digest, &size, err));
    FX_OK(pni_session_functions(session, names, &before, err));
    T_EQ_UINT(json_array_size(before), 0);
    FX_FAILS(pn_session_load_pack(session, path, "0000", err), PNI_E_SESSION_PACK_DIGEST,
             "good.so");
    FX_OK(pn_session_load_pack(session, path, digest, err));
    FX_OK(pni_session_functions(session, names, &after, err));
    T_EQ_UINT(json_array_size(after), 1);
    T_EQ_STR(pni_json_text(json_array_get(after, 0), "name"), "double_it");
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    FX_OK(pni_json_canonical(after, &text, err));
    T_ASSERT(!strstr(pni_buf_text(&text), "good.so")); /* what it does, not where it lies */
}

T_CASE(a_pack_that_cannot_be_loaded_is_named) {
    const char *wrong = pack_path("wrong_abi");
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    FX_FAILS(pn_session_load_pack(session, "relative.so", NULL, err), PNI_E_ARGUMENT,
             "relative.so");
    FX_FAILS(pn_session_load_pack(session, fx_path("gone.so"), NULL, err), PNI_E_FILE_MISSING,
             "gone.so");
    FX_FAILS(pn_session_load_pack(session, fx_path("gone.so"), "00", err), PNI_E_FILE_MISSING,
             "gone.so");
    FX_FAILS(pn_session_load_pack(session, fx_write("text.so", "no object"), NULL, err),
             PNI_E_UDF_LOAD, "text.so");
    FX_FAILS(pn_session_load_pack(session, wrong, NULL, err), PNI_E_UDF_ABI, "wrong_abi");
    FX_FAILS(pn_session_load_pack(NULL, "/x.so", NULL, err), PNI_E_ARGUMENT, "session");
}

/* The list is written by hand, since a bundle is judged without an engine: here it is compared. */
T_CASE(the_volatile_functions_are_those_the_engine_says) {
    PNI_AUTO_PTR(pn_session) session = fx_session(NULL);
    PNI_AUTO_PTR(json_t) functions = NULL;
    FX_OK(pni_engine_session_functions(pni_session_engine(session), &functions, err));
    size_t index, count = 0;
    json_t *function;
    json_array_foreach(functions, index, function) {
        const char *name = pni_json_text(function, "name");
        if (pni_streq(pni_json_text(function, "kind"), "table")) /* no call in an expression */
            continue;
        bool is_volatile = pni_streq(pni_json_text(function, "volatility"), "volatile");
        if (is_volatile != pni_function_is_volatile(name))
            T_FAIL("'%s' is %svolatile", name, is_volatile ? "" : "not ");
        count += is_volatile;
    }
    T_ASSERT(count > 0);
}
