/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine says of itself, and JSON in and out of it. Settings, specifications and reports
 * cross as JSON text: small trees that both sides read with a library, so a new key needs no new
 * export.
 */
#include "pinion/engine.h"

#include "engine/engine_priv.h"

static int append_chunk(const char *data, size_t len, void *ctx) {
    pni_buf_append(ctx, data, len);
    return 0;
}

void pni_engine_json_text(const json_t *value, pn_buf *out) {
    if (!value) {
        pni_buf_puts(out, "{}");
        return;
    }
    int failed = json_dump_callback(value, append_chunk, out,
                                    JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    pni_assert(failed == 0); /* only a cyclic tree fails, and pinion builds none */
}

pn_status pni_engine_json_result(int32_t status, const pn_buf *text, const char *what, json_t **out,
                                 pn_error *err) {
    PNI_TRY(pni_engine_finish(status, err));
    return pni_json_parse(text->data, text->len, what, out, err);
}

pn_status pni_engine_build_info(json_t **out, pn_error *err) {
    PNI_TRY(pni_engine_check_abi(err));
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    int32_t status = pne_build_info(pni_buf_sink, &text, err);
    return pni_engine_json_result(status, &text, "build information of the engine", out, err);
}

int64_t pni_engine_live_handles(void) {
    return pne_live_handles();
}

pn_status pn_engine_info(pn_buf *json_out, pn_error *err) {
    if (!json_out) {
        return pni_fail(err, PNI_E_ARGUMENT, "the argument 'json_out' is NULL");
    }
    PNI_AUTO_PTR(json_t) info = NULL;
    PNI_TRY(pni_engine_build_info(&info, err));
    json_object_set_new(info, "pinion", json_string(pn_version()));
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_TRY(pni_json_canonical(info, &text, err));
    pni_buf_append(json_out, text.data, text.len);
    return PN_OK;
}

int64_t pn_engine_live_handles(void) {
    return pne_live_handles();
}
