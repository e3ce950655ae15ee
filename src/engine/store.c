/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to object stores: see pne_store_run(). */
#include "engine/engine_priv.h"

pn_status pni_engine_store_run(const pni_engine_session *session, const json_t *request,
                               pn_cancel *cancel, json_t **report_out, pn_error *err) {
    PNI_TRY(pni_cancel_check(cancel, err));
    const pne_cancel *token = NULL;
    PNI_TRY(pni_engine_token(cancel, &token, err));
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO(pn_buf) report = PN_BUF_INIT;
    pni_engine_json_text(request, &text);
    int32_t status = pne_store_run(engine_session(session), pni_buf_text(&text), token,
                                   pni_buf_sink, &report, err);
    return pni_engine_json_result(status, &report, "store report of the engine", report_out, err);
}
