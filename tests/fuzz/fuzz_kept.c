/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kept plans from a cache that somebody else wrote, behind their digest: the engine reads what is
 * not too deep over stubs and writes it as Substrait, or answers with a typed error. No table of
 * the session is there to be read.
 */
#include "plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DEPTH = 300 }; /* far less than a replay takes: the fuzzer's own stacks are small */

static void must(int condition) {
    if (!condition)
        __builtin_trap();
}

static void expect_told(pn_status status, const pn_error *err) {
    must(status == PN_OK || (err->status == status && err->message[0]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static pni_engine_session *session;
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(pn_substrait) canonical = NULL;
    PNI_AUTO(pn_buf) substrait = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    if (!session)
        must(pni_engine_session_new(NULL, &session, NULL) == PN_OK);
    if (pni_wire_is_deeper((pn_bytes){data, size}, DEPTH))
        return 0;
    pn_status status =
        pni_engine_plan_restore(session, PNI_SPACE_IDENTITY, (pn_bytes){data, size}, &plan, &err);
    expect_told(status, &err);
    if (status != PN_OK)
        return 0;
    status = pni_engine_plan_to_substrait(plan, &substrait, &err);
    expect_told(status, &err);
    if (status == PN_OK)
        expect_told(
            pn_substrait_decode((pn_bytes){substrait.data, substrait.len}, NULL, &canonical, &err),
            &err);
    return 0;
}
