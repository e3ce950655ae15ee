/*
 * See proof.h. Nothing is excused by its name. A difference has a reason only when this process
 * shows it without Substrait:
 *   - the tables that the set-up made, by plain SQL in both processes, differ: other pins;
 *   - plain SQL over the copies of the tables gives what the replay gives, rows or error. Then the
 *     copy makes the difference, which has the rows of a table and not its declared order, keys,
 *     files or view;
 *   - an operator of the plan is free to choose its rows, as LIMIT without a total order is, and
 *     as many rows came.
 */
#include "proof.h"

#include "pinion/verify.h"

#include "exec/exec.h"
#include "plan/plan.h"

/* ---- tables -------------------------------------------------------------------------------- */

static pn_status kept_path(const exported *e, const char *name, const json_t *pin, pn_buf *path,
                           pn_error *err) {
    char digest[PNI_SHA256_HEX];
    PNI_TRY(pni_json_digest(pin, digest, err));
    pni_buf_printf(path, "%s/%s-%.16s.table", e->folder, name, digest);
    return PN_OK;
}

/* The rows of a copy, as the session has them; its pin is borrowed. */
static pn_status read_copy(const exported *e, const char *name, const json_t **pin, answer *out,
                           pn_error *err) {
    PNI_AUTO(pn_buf) sql = PN_BUF_INIT;
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    const pni_resolved *resolved;
    PNI_SESSION_GUARD(e->session);
    PNI_TRY(pni_session_resolve(e->session, name, &resolved, err));
    *pin = resolved->pin;
    pni_buf_printf(&sql, "select * from \"%s\"", name);
    PNI_TRY(pni_engine_plan_sql(pni_session_engine(e->session), PNI_SPACE_RUN,
                                (pn_bytes){sql.data, sql.len}, 0, &plan, err));
    return answer_of_plan(plan, out, err);
}

pn_status proof_keep(const exported *e, const char *name, pn_error *err) {
    PNI_AUTO(pn_buf) path = PN_BUF_INIT;
    answer rows = {0};
    const json_t *pin = NULL;
    pn_status status = read_copy(e, name, &pin, &rows, err);
    if (status == PN_OK)
        status = kept_path(e, name, pin, &path, err);
    if (status == PN_OK)
        status = answer_save(&rows, pni_buf_text(&path), err);
    answer_dispose(&rows);
    return status;
}

/* What the compiling process had of this input beside what is here. */
static bool table_differs(const exported *e, const pni_bundle_input *input, pn_buf *reason) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) path = PN_BUF_INIT;
    PNI_AUTO(pn_buf) why = PN_BUF_INIT;
    answer there = {0}, here = {0};
    const json_t *pin = NULL;
    bool found = false;
    if (read_copy(e, input->name, &pin, &here, &err) == PN_OK && !json_equal(pin, input->pin) &&
        kept_path(e, input->name, input->pin, &path, &err) == PN_OK &&
        answer_load(pni_buf_text(&path), &there, &err) == PN_OK) {
        answer_differ(&there, &here, &why);
        pni_buf_printf(reason, "the set-up, plain SQL, gives %s of '%s' in each process",
                       why.len ? "other rows" : "another order of the rows", input->name);
        found = true;
    }
    answer_dispose(&there);
    answer_dispose(&here);
    return found;
}

static bool tables_differ(const exported *e, const pn_bundle *bundle, pn_buf *reason) {
    bool found = false;
    for (size_t i = 0; !found && i < bundle->n_inputs; i++)
        found = bundle->inputs[i].pin && table_differs(e, &bundle->inputs[i], reason);
    return found;
}

/* ---- plain SQL over the copies ------------------------------------------------------------- */

pn_status proof_replay(exported *e, const pn_bundle *bundle, int32_t from, answer *out,
                       pn_error *err) {
    pn_exec_options options = PN_EXEC_OPTIONS_INIT;
    PNI_AUTO_PTR(pn_result) result = NULL;
    PNI_AUTO_STREAM stream = {0};
    options.replay = from;
    PNI_TRY(pn_exec_run(e->session, bundle, &options, &result, err));
    PNI_TRY(pn_result_stream(result, &stream, err));
    return answer_read(&stream, out, err);
}

static bool sql_agrees(exported *e, const replayed_bundle *here, pn_buf *reason) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO(pn_buf) why = PN_BUF_INIT;
    answer rows = {.published = true};
    pn_status status = proof_replay(e, here->bundle, PN_REPLAY_SQL, &rows, &err);
    bool same = status == here->err.status;
    if (same && status == PN_OK) {
        answer_differ(&rows, &here->rows, &why);
        same = why.len == 0;
    } else if (same) {
        same = pni_streq(err.message, here->err.message);
    }
    if (same)
        pni_buf_puts(reason,
                     status == PN_OK
                         ? "plain SQL over copies of the tables gives the rows of the replay"
                         : "plain SQL over copies of the tables fails as the replay does");
    answer_dispose(&rows);
    return same;
}

/* ---- choice -------------------------------------------------------------------------------- */

static bool is_free(const answer *there, const replayed_bundle *here, pn_buf *reason) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(json_t) reasons = NULL;
    pni_grade grade;
    if (here->err.status != PN_OK || there->rows != here->rows.rows ||
        !pni_streq(pni_buf_text(&there->schema), pni_buf_text(&here->rows.schema)) ||
        pni_bundle_grade(here->bundle, &grade, &reasons, &err) != PN_OK ||
        grade != PNI_GRADE_BEST_EFFORT)
        return false;
    size_t i;
    json_t *one;
    json_array_foreach(reasons, i, one) {
        if (pni_streq(pni_json_text(one, "grade"), "best_effort"))
            pni_buf_printf(reason, "%s%s: %s", reason->len ? "; " : "",
                           pni_json_text(one, "operator"), pni_json_text(one, "why"));
    }
    return true;
}

bool proof_found(exported *e, const answer *there, const replayed_bundle *here, pn_buf *reason) {
    if (here->err.status == PN_DRIFT)
        return tables_differ(e, here->bundle, reason);
    return sql_agrees(e, here, reason) || is_free(there, here, reason);
}
