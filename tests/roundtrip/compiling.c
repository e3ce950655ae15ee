/*
 * See compiling.h. One compile of the product is timed as a whole, and beside it the steps it is
 * made of: those of the engine, the canonical form, and the digests of what the fingerprint covers.
 * Processor time, the least of the runs.
 */
#include "compiling.h"

#include "exec/exec.h"
#include "plan/plan.h"
#include "session/session.h"

#include <time.h>

enum { PLAN, PRODUCE, CANON, COMPILE, SEAL, STEPS };

static const char *const names[STEPS] = {"plan", "produce", "canon", "compile", "seal"};

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* The documents of a bundle digested again, but for those of the session, and the fingerprint. */
static pn_status seal(const exported *e, const pn_bundle *bundle, double *took, pn_error *err) {
    PNI_AUTO_PTR(pn_bundle) again = pni_calloc(1, sizeof *again);
    atomic_init(&again->refs, 1);
    again->documents = json_incref(bundle->documents);
    again->components = json_copy((json_t *)(uintptr_t)pni_session_digests(e->session));
    double start = now_ms();
    PNI_TRY(pni_bundle_seal(again, err));
    *took = now_ms() - start;
    return pni_streq(again->fingerprint, bundle->fingerprint)
               ? PN_OK
               : pni_fail(err, PNI_E_INTERNAL, "a bundle sealed again has another fingerprint");
}

static pn_status whole(const exported *e, const char *sql, double *took, uint64_t *digests,
                       pn_error *err) {
    pn_plan_source source = PN_PLAN_SOURCE_INIT;
    PNI_AUTO_PTR(pn_bundle) bundle = NULL;
    source.sql = sql;
    uint64_t before = pni_json_digest_count();
    double start = now_ms();
    PNI_TRY(pn_exec_compile(e->session, NULL, &source, &bundle, err));
    took[COMPILE] = now_ms() - start;
    *digests = pni_json_digest_count() - before;
    return seal(e, bundle, &took[SEAL], err);
}

static pn_status parts(const exported *e, const char *sql, double *took, size_t *nodes,
                       pn_error *err) {
    const pni_engine_session *engine = pni_session_engine(e->session);
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(pn_substrait) canon = NULL;
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    double at[CANON + 2] = {now_ms()};
    const pn_bytes view = {(const uint8_t *)sql, strlen(sql)};
    PNI_TRY(pni_engine_plan_sql(engine, PNI_SPACE_IDENTITY, view, 0, &plan, err));
    at[1] = now_ms();
    PNI_TRY(pni_engine_plan_to_substrait(plan, &bytes, err)); /* and optimise */
    at[2] = now_ms();
    PNI_TRY(pn_substrait_decode((pn_bytes){bytes.data, bytes.len}, NULL, &canon, err));
    at[3] = now_ms();
    *nodes = pn_substrait_node_count(canon);
    for (int i = 0; i <= CANON; i++)
        took[i] = at[i + 1] - at[i];
    return PN_OK;
}

/* The first compile of a session makes the stubs and the snapshot of what the session has. */
json_t *compiling(const exported *e, const char *sql, json_int_t runs) {
    double least[STEPS] = {0}, first[STEPS] = {0};
    size_t nodes = 0;
    pn_error err = PN_ERROR_INIT;
    uint64_t digests = 0;
    pn_status status = whole(e, sql, first, &digests, &err);
    for (json_int_t run = 0; status == PN_OK && run < runs; run++) {
        double took[STEPS] = {0};
        status = parts(e, sql, took, &nodes, &err);
        if (status == PN_OK)
            status = whole(e, sql, took, &digests, &err);
        for (int i = 0; i < STEPS; i++)
            least[i] = run && least[i] < took[i] ? least[i] : took[i];
    }
    if (status != PN_OK)
        return outcome_failed("failed", &err);
    json_t *made = outcome("done", NULL);
    for (int i = 0; i < STEPS; i++)
        json_object_set_new(made, names[i], json_real(least[i]));
    json_object_set_new(made, "first", json_real(first[COMPILE]));
    json_object_set_new(made, "nodes", json_integer((json_int_t)nodes));
    json_object_set_new(made, "digests", json_integer((json_int_t)digests));
    return made;
}
