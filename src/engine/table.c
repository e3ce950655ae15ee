/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables: what a name in a session can stand for. A table is shared and immutable; registering it
 * keeps it alive in the session, so the handle may be freed at once. An Arrow stream handed in is
 * taken before anything can fail: a refused call has released it all the same.
 */
#include "engine/engine_priv.h"

static pni_engine_table *own_table(pne_table *table) {
    return (pni_engine_table *)(void *)table;
}

pn_status pni_engine_table_open(const pni_engine_session *session, const json_t *spec,
                                const struct ArrowSchema *schema, pn_cancel *cancel,
                                pni_engine_table **out, pn_error *err) {
    const pne_cancel *token = NULL;
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_TRY(pni_engine_token(cancel, &token, err));
    pni_engine_json_text(spec, &text);
    pne_table *table = NULL;
    PNI_TRY(pni_engine_finish(
        pne_table_open(engine_session(session), pni_buf_text(&text), schema, token, &table, err),
        err));
    *out = own_table(table);
    return PN_OK;
}

pn_status pni_engine_table_from_stream(const pni_engine_session *session,
                                       struct ArrowArrayStream *in, bool lazy,
                                       pni_engine_table **out, pn_error *err) {
    pne_table *table = NULL;
    int32_t status = pne_table_from_stream(engine_session(session), in, lazy ? 1 : 0, &table, err);
    if (in->release) { /* refused before the engine took it: poisoned session, injected fault */
        in->release(in);
        in->release = NULL;
    }
    PNI_TRY(pni_engine_finish(status, err));
    *out = own_table(table);
    return PN_OK;
}

pn_status pni_engine_table_stub(const pni_engine_session *session, const struct ArrowSchema *schema,
                                const json_t *constraints, pni_engine_table **out, pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_engine_json_text(constraints, &text);
    pne_table *table = NULL;
    PNI_TRY(pni_engine_finish(pne_table_stub(engine_session(session), schema,
                                             constraints ? pni_buf_text(&text) : NULL, &table, err),
                              err));
    *out = own_table(table);
    return PN_OK;
}

pn_status pni_engine_table_from_plan(const pni_engine_plan *plan, pni_engine_table **out,
                                     pn_error *err) {
    pne_table *table = NULL;
    PNI_TRY(pni_engine_finish(pne_table_from_plan(engine_plan(plan), &table, err), err));
    *out = own_table(table);
    return PN_OK;
}

pn_status pni_engine_table_schema(const pni_engine_table *table, struct ArrowSchema *out,
                                  pn_error *err) {
    return pni_engine_finish(pne_table_schema(engine_table(table), out, err), err);
}

pn_status pni_engine_table_info(const pni_engine_table *table, json_t **out, pn_error *err) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    int32_t status = pne_table_info(engine_table(table), pni_buf_sink, &text, err);
    return pni_engine_json_result(status, &text, "table information of the engine", out, err);
}

void pni_engine_table_free(pni_engine_table *table) {
    pne_table_free((pne_table *)(void *)table);
}
