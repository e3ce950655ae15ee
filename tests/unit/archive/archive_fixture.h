/* A few compiled bundles over a temporary table, and bundle files to damage. */
#ifndef PN_TESTS_ARCHIVE_FIXTURE_H
#define PN_TESTS_ARCHIVE_FIXTURE_H

#include "archive/archive_priv.h"
#include "unit/plan/plan_fixture.h"

typedef struct ar_views {
    pn_session *session;
    pn_bundle *low;  /* reads t */
    pn_bundle *high; /* reads low and t */
} ar_views;

static inline const pn_bundle *ar_look_up(void *ctx, const char *name) {
    const ar_views *views = ctx;
    return pni_streq(name, "low") ? views->low : NULL;
}

static inline ar_views ar_open(void) {
    ar_views views = {.session = fx_session(NULL)};
    fx_add_rows(views.session, "t", "[{\"g\":\"a\",\"v\":1},{\"g\":\"b\",\"v\":2}]");
    FX_OK(fx_compile_as(views.session, "low", "select g, v + 1 as w from t where v > 0", &views.low,
                        err));
    pni_compile_request request = {
        .name = "high",
        .sql = fx_bytes("select low.g, w, v from low join t on low.g = t.g"),
        .lookup = ar_look_up,
        .ctx = &views};
    PNI_SESSION_GUARD(views.session);
    FX_OK(pni_plan_compile(views.session, &request, &views.high, err));
    return views;
}

static inline void ar_close(ar_views *views) {
    pn_bundle_unref(views->low);
    pn_bundle_unref(views->high);
    pn_session_unref(views->session);
}
#define AR_VIEWS __attribute__((cleanup(ar_close))) ar_views

static inline pn_buf ar_export(const pn_bundle *bundle) {
    pn_buf bytes = PN_BUF_INIT;
    FX_OK(pn_bundle_export(&bundle, 1, &bytes, err));
    return bytes;
}

static inline pn_bytes ar_bytes(const pn_buf *buf) {
    return (pn_bytes){buf->data, buf->len};
}

#endif
