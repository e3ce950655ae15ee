/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Optimised plans kept between processes, the step between Substrait and SQL of a replay. The
 * engine's own bytes are no canonical form and could say anything, so they are believed only after
 * they were read back over stubs and written as Substrait: the digest of that, made canonical, must
 * be the one the fingerprint stands for. The same proof is made before a plan is kept, so what the
 * engine's form cannot hold is not kept. What fails it is removed.
 */
#include "plan/plan.h"
#include "plan/plan_cache.h"

#define WIRE_DEPTH_MAX 3000u /* nested messages: the engine reads them by recursion */

static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *out) {
    *out = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        uint8_t byte = *(*at)++;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

enum { VARINT, FIXED_64, WITH_LENGTH, GROUP_START, GROUP_END, FIXED_32 }; /* kinds of fields */

/* Steps over one field. `inner` is set to the end of a field that may be a message, at `*at`. A
 * group has no length: it counts as one to the end of its message, whatever closes it. */
static bool skip_field(const uint8_t **at, const uint8_t *end, const uint8_t **inner) {
    uint64_t tag;
    uint64_t value;
    *inner = NULL;
    if (!read_varint(at, end, &tag) || !(tag >> 3))
        return false;
    unsigned kind = (unsigned)(tag & 7);
    if (kind == GROUP_START)
        *inner = end;
    if (kind == GROUP_START || kind == GROUP_END)
        return true;
    size_t fixed = kind == FIXED_64 ? 8 : kind == FIXED_32 ? 4 : 0;
    if (fixed && (size_t)(end - *at) < fixed)
        return false;
    *at += fixed;
    if (fixed || kind == VARINT)
        return fixed || read_varint(at, end, &value);
    if (kind != WITH_LENGTH || !read_varint(at, end, &value) || value > (uint64_t)(end - *at))
        return false;
    *inner = *at + value;
    return true;
}

/* A field with a length may be a text or a message; what reads like one counts as one, so the depth
 * is never taken for less than it is. Each byte is read once. */
bool pni_wire_is_deeper(pn_bytes bytes, size_t max_depth) {
    PNI_VEC(const uint8_t *) ends = {0};
    const uint8_t *at = bytes.data;
    bool is_deeper = false;
    pni_vec_push(&ends, bytes.data + bytes.len);
    while (ends.count && !is_deeper) {
        const uint8_t *end = ends.items[ends.count - 1];
        const uint8_t *inner;
        if (at == end || !skip_field(&at, end, &inner)) {
            at = end; /* the end of it, or no message: its outer one goes on behind it */
            ends.count--;
        } else if (inner) {
            pni_vec_push(&ends, inner);
            is_deeper = ends.count > max_depth;
        }
    }
    pni_vec_dispose(&ends);
    return is_deeper;
}

static pn_status check_depth(pn_bytes bytes, const pn_bundle *bundle, pn_error *err) {
    if (pni_wire_is_deeper(bytes, WIRE_DEPTH_MAX))
        return pni_fail(err, PNI_E_PLAN_CACHE_LIMIT,
                        "the plan of bundle %.12s is nested deeper than %u messages",
                        bundle->fingerprint, WIRE_DEPTH_MAX);
    return PN_OK;
}

/* Whether the bytes are the very plan of the bundle. */
static pn_status prove(const pni_engine_session *engine, const pn_bundle *bundle, pn_bytes bytes,
                       pn_error *err) {
    PNI_AUTO_PTR(pni_engine_plan) plan = NULL;
    PNI_AUTO_PTR(pn_substrait) canonical = NULL;
    PNI_AUTO(pn_buf) substrait = PN_BUF_INIT;
    char found[PNI_SHA256_HEX];
    const json_t *document = json_object_get(bundle->documents, "plan");
    PNI_TRY(check_depth(bytes, bundle, err));
    PNI_TRY(pni_engine_plan_restore(engine, PNI_SPACE_IDENTITY, bytes, &plan, err));
    PNI_TRY(pni_engine_plan_to_substrait(plan, &substrait, err));
    PNI_TRY(pn_substrait_decode((pn_bytes){substrait.data, substrait.len}, NULL, &canonical, err));
    PNI_TRY(pn_substrait_digest(canonical, found, err));
    if (!pni_streq(found, pni_json_text(document, "sha256")))
        return pni_fail(err, PNI_E_PLAN_CACHE_OTHER,
                        "the kept plan of bundle %.12s reads back as another one",
                        bundle->fingerprint);
    return PN_OK;
}

/* Before the engine writes it by recursion, the depth is measured on what it wrote already. */
static pn_status keep(const pni_plan_cache_place *place, const pni_engine_session *engine,
                      const pn_bundle *bundle, const pni_engine_plan *plan, json_t *evicted,
                      pn_error *err) {
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    PNI_TRY(check_depth(pn_substrait_bytes(bundle->substrait), bundle, err));
    PNI_TRY(pni_engine_plan_explain(plan, PNI_RENDER_KEPT_BYTES, NULL, &bytes, err));
    PNI_TRY(prove(engine, bundle, (pn_bytes){bytes.data, bytes.len}, err));
    return pni_plan_cache_put(place, bundle->fingerprint, (pn_bytes){bytes.data, bytes.len},
                              evicted, err);
}

static json_t *cache_detail(const char *key, const pn_error *why) {
    json_t *detail = json_pack("{s:s, s:s}", "cache", "plans", "key", key);
    if (why)
        json_object_set_new(detail, "reason", json_string(why->message));
    return detail;
}

static void record(pni_recorder *recorder, const char *event, const char *key,
                   const pn_error *why) {
    PNI_AUTO_PTR(json_t) detail = cache_detail(key, why);
    PNI_RECORD(recorder, PNI_RECORD_CACHE_EVENT, pni_field_text("event", event),
               pni_field_text("cache", "plans"), pni_field_text("key", key),
               pni_field_json("detail", detail));
}

void pni_plan_keep(const pn_session *session, const pn_bundle *bundle,
                   const pni_engine_plan *plan) {
    const pni_plan_cache_place *place = pni_session_plan_cache(session);
    pn_error why = PN_ERROR_INIT;
    if (!pni_plan_cache_is_on(place) || pni_plan_cache_has(place, bundle->fingerprint))
        return;
    PNI_AUTO_PTR(json_t) evicted = json_array();
    PNI_AUTO_PTR(pni_recorder) recorder = pni_session_recorder(session);
    if (keep(place, pni_session_engine(session), bundle, plan, evicted, &why) != PN_OK) {
        pni_logf("plan not kept: %s", why.message);
        record(recorder, "skip", bundle->fingerprint, &why);
    }
    for (size_t i = 0; i < json_array_size(evicted); i++)
        record(recorder, "evict", json_string_value(json_array_get(evicted, i)), NULL);
}

static void note(const pni_replay *replay, const char *event, const pn_bundle *bundle,
                 const pn_error *why) {
    pni_event_add(replay->events, "cache", event, cache_detail(bundle->fingerprint, why));
}

pn_status pni_plan_restore(const pni_replay *replay, const pn_bundle *bundle, pni_engine_plan **out,
                           pn_error *err) {
    const pni_plan_cache_place *place = pni_session_plan_cache(replay->session);
    PNI_AUTO(pn_buf) kept = PN_BUF_INIT;
    pn_error why = PN_ERROR_INIT;
    if (!pni_plan_cache_is_on(place))
        return pni_fail(err, PNI_E_PLAN_CACHE_OFF, "this session keeps no plans");
    pn_status status = pni_plan_cache_get(place, bundle->fingerprint, &kept, &why);
    const char *event = status == PN_CORRUPT ? "evict" : "miss";
    const pn_bytes bytes = {kept.data, kept.len};
    if (status == PN_OK) {
        status = prove(replay->engine, bundle, bytes, &why);
        if (status != PN_OK && status != PN_CANCELLED) {
            pni_plan_cache_drop(place, bundle->fingerprint);
            event = "evict";
        }
    }
    if (status == PN_OK)
        status = pni_engine_plan_restore(replay->engine, PNI_SPACE_RUN, bytes, out, &why);
    note(replay, status == PN_OK ? "hit" : event, bundle, status == PN_OK ? NULL : &why);
    if (status != PN_OK && err)
        *err = why;
    return status;
}
