/* Sessions for the tests of the modules from session upwards. */
#ifndef PN_TESTS_SESSION_FIXTURE_H
#define PN_TESTS_SESSION_FIXTURE_H

#include "session/session.h"
#include "support/core_fixture.h"

static inline pn_session *fx_session(pn_catalog *catalog) {
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    pn_session *session = NULL;
    options.catalog = catalog;
    FX_OK(pn_session_open(&options, &session, err));
    return session;
}

/* A session with one setting. */
static inline pn_status fx_session_with(const char *key, const char *value, pn_session **out,
                                        pn_error *problem) {
    pn_session_options options = PN_SESSION_OPTIONS_INIT;
    pn_setting setting = {key, value};
    options.settings = &setting;
    options.n_settings = 1;
    return pn_session_open(&options, out, problem);
}

static inline void fx_add_dataset(pn_session *session, const char *name, const char *format,
                                  const char *uri) {
    pn_dataset_spec spec = PN_DATASET_SPEC_INIT;
    spec.name = name;
    spec.format = format;
    spec.uri = uri;
    FX_OK(pn_session_add_dataset(session, &spec, err));
}

static inline void fx_add_rows(pn_session *session, const char *name, const char *json) {
    FX_OK(pn_session_add_rows(session, name, fx_bytes(json), NULL, err));
}

static inline json_t *fx_json(const pn_buf *text) {
    json_t *json = NULL;
    FX_OK(pni_json_parse(text->data, text->len, "a test document", &json, err));
    return json;
}

/* A value of the engine's setting `key` other than `now`, by its look; NULL when there is none to
 * try. */
static inline const char *fx_other_value(const char *now, size_t attempt) {
    static char number[32];
    static const char *const words[] = {"zstd", "summary",  "tree", "%Y",
                                        "csv",  "postgres", "rows", "x"};
    int64_t value;
    if (pni_streq(now, "true") || pni_streq(now, "false"))
        return attempt ? NULL : pni_streq(now, "true") ? "false" : "true";
    if (pni_parse_i64(now, &value)) {
        snprintf(number, sizeof number, "%lld", (long long)value + 1);
        return attempt ? NULL : number;
    }
    return attempt < sizeof words / sizeof *words ? words[attempt] : NULL;
}

#endif
