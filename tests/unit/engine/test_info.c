#include "pinion/engine.h"

#include "engine_fixture.h"
#include "t.h"

T_CASE(versions_of_all_parts_are_told) {
    static const char *const keys[] = {"abi",          "arrow",  "datafusion", "deltalake",
                                       "object_store", "pinion", "rustc",      "substrait"};
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO_PTR(json_t) info = NULL;
    T_OK(pn_engine_info(&text, &err), &err);
    T_OK(pni_json_parse(text.data, text.len, "info", &info, &err), &err);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (!json_object_get(info, keys[i])) {
            T_FAIL("no '%s' in %s", keys[i], pni_buf_text(&text));
        }
    }
    T_EQ_STR(pni_json_text(info, "pinion"), pn_version());
    T_STATUS(pn_engine_info(NULL, &err), PN_INVALID, &err);
}

T_CASE(live_handles_count) {
    int64_t before = pn_engine_live_handles();
    pni_engine_session *session = fixture_session();
    T_EQ_INT(pn_engine_live_handles(), before + 1);
    pni_engine_session_free(session);
    T_EQ_INT(pn_engine_live_handles(), before);
}
