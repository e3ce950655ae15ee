/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifying: a bundle runs again, its rows are digested, and the digest is compared with the one
 * that was recorded. How well they match is one thing, what the plan promises another; a match that
 * is worse than the promise is a finding. Floats that differ are compared by the sums of their
 * columns, relative to the magnitude of what was added.
 */
#include "pinion/verify.h"

#include "exec/exec_priv.h"

#include <math.h>

static const double float_tolerance = 1e-9;

pn_status pn_verify_grade(const pn_bundle *bundle, pn_buf *json_out, pn_error *err) {
    PNI_AUTO_PTR(json_t) reasons = NULL;
    pni_grade grade;
    if (!bundle || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_verify_grade: bundle and json_out must not be NULL");
    PNI_TRY(pni_bundle_grade(bundle, &grade, &reasons, err));
    PNI_AUTO_PTR(json_t)
    json = json_pack("{s:s, s:O}", "grade", pni_grade_name(grade), "reasons", reasons);
    return pni_json_canonical(json, json_out, err);
}

static pn_status digest_rows(struct ArrowArrayStream *stream, json_t **out, pn_error *err) {
    PNI_AUTO_SCHEMA schema = {0};
    PNI_AUTO_PTR(pni_row_digest) digest = NULL;
    int code = stream->get_schema(stream, &schema);
    if (code)
        return pn_result_stream_error(stream, code, err);
    PNI_TRY(pni_row_digest_new(&schema, &digest, err));
    for (;;) {
        PNI_AUTO_ARRAY batch = {0};
        code = stream->get_next(stream, &batch);
        if (code)
            return pn_result_stream_error(stream, code, err);
        if (!batch.release)
            break;
        PNI_TRY(pni_row_digest_add(digest, &batch, err));
    }
    *out = pni_row_digest_end(digest);
    return PN_OK;
}

static pn_status run_digest(pn_session *session, const pn_bundle *bundle,
                            const pn_exec_options *options, json_t **out, pn_error *err) {
    PNI_AUTO_PTR(pn_result) result = NULL;
    PNI_AUTO_STREAM stream = {0};
    PNI_TRY(pn_exec_run(session, bundle, options, &result, err));
    PNI_TRY(pn_result_stream(result, &stream, err));
    return digest_rows(&stream, out, err);
}

pn_status pn_verify_digest(pn_session *session, const pn_bundle *bundle,
                           const pn_exec_options *options, pn_buf *json_out, pn_error *err) {
    PNI_AUTO_PTR(json_t) digest = NULL;
    if (!session || !bundle || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_verify_digest: session, bundle and json_out must not be NULL");
    PNI_TRY(run_digest(session, bundle, options, &digest, err));
    return pni_json_canonical(digest, json_out, err);
}

/* ---- comparing ---------------------------------------------------------------------------- */

static bool same(const json_t *a, const json_t *b, const char *key) {
    const json_t *left = json_object_get(a, key);
    return left && json_equal(left, json_object_get(b, key));
}

/* jansson reads numbers whatever the locale says. */
static bool number_of(const json_t *object, const char *key, double *out) {
    const char *text = pni_json_text(object, key);
    PNI_AUTO_PTR(json_t)
    number = text ? json_loads(text, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL) : NULL;
    *out = json_real_value(number);
    return json_is_real(number);
}

static bool floats_agree(const json_t *a, const json_t *b) {
    const json_t *left = json_object_get(a, "floats");
    const json_t *right = json_object_get(b, "floats");
    if (json_array_size(left) != json_array_size(right))
        return false;
    for (size_t i = 0; i < json_array_size(left); i++) {
        const json_t *x = json_array_get(left, i);
        const json_t *y = json_array_get(right, i);
        double sums[2], magnitudes[2];
        if (!same(x, y, "column") || !same(x, y, "nulls") || !same(x, y, "not_finite") ||
            !number_of(x, "sum", &sums[0]) || !number_of(y, "sum", &sums[1]) ||
            !number_of(x, "magnitude", &magnitudes[0]) ||
            !number_of(y, "magnitude", &magnitudes[1]))
            return false;
        if (!(fabs(sums[0] - sums[1]) <= float_tolerance * fmax(magnitudes[0], magnitudes[1])))
            return false;
    }
    return true;
}

/* PNI_GRADE_BEST_EFFORT: they do not match. */
static pni_grade match_of(const json_t *now, const json_t *then) {
    if (!same(now, then, "rows") || !same(now, then, "columns"))
        return PNI_GRADE_BEST_EFFORT;
    if (same(now, then, "all"))
        return same(now, then, "ordered") ? PNI_GRADE_CANONICAL : PNI_GRADE_STABLE_SET;
    if (same(now, then, "without_floats") && floats_agree(now, then))
        return PNI_GRADE_FLOAT_TOLERANT;
    return PNI_GRADE_BEST_EFFORT;
}

static pn_status parse_recorded(pn_bytes recorded, const pn_bundle *bundle, json_t **out,
                                pn_error *err) {
    PNI_AUTO_PTR(json_t) json = NULL;
    if (!recorded.len)
        return PN_OK;
    pn_status status =
        pni_json_parse(recorded.data, recorded.len, "the recorded result", &json, NULL);
    if (status != PN_OK || !pni_json_text(json, "all") || !pni_json_text(json, "rows"))
        return pni_fail(err, PNI_E_VERIFY_RECORD, "what was recorded of bundle %.12s is no digest",
                        bundle->fingerprint);
    *out = pni_take(json);
    return PN_OK;
}

pn_status pn_verify_bundle(pn_session *session, const pn_bundle *bundle, pn_bytes recorded,
                           const pn_exec_options *options, pn_buf *json_out, pn_error *err) {
    PNI_AUTO_PTR(json_t) then = NULL;
    PNI_AUTO_PTR(json_t) now = NULL;
    PNI_AUTO_PTR(json_t) reasons = NULL;
    pni_grade grade;
    if (!session || !bundle || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_verify_bundle: session, bundle and json_out must not be NULL");
    PNI_TRY(parse_recorded(recorded, bundle, &then, err));
    PNI_TRY(pni_bundle_grade(bundle, &grade, &reasons, err));
    PNI_TRY(run_digest(session, bundle, options, &now, err));
    pni_grade match = then ? match_of(now, then) : PNI_GRADE_CANONICAL;
    const char *name = !then                            ? "unrecorded"
                       : match == PNI_GRADE_BEST_EFFORT ? "none"
                                                        : pni_grade_name(match);
    PNI_AUTO_PTR(json_t)
    json = json_pack("{s:s, s:s, s:O, s:O, s:s, s:b}", "fingerprint", bundle->fingerprint, "grade",
                     pni_grade_name(grade), "reasons", reasons, "result", now, "match", name,
                     "holds", match <= grade);
    if (then)
        json_object_set(json, "recorded", then);
    return pni_json_canonical(json, json_out, err);
}

/* ---- records ------------------------------------------------------------------------------ */

static char *record_path(const char *dir, const pn_bundle *bundle) {
    PNI_AUTO(pn_buf) name = PN_BUF_INIT;
    pni_buf_printf(&name, "%.2s/%s.json", bundle->fingerprint, bundle->fingerprint);
    return pni_path_join(dir, pni_buf_text(&name));
}

pn_status pn_verify_record(const char *dir, const pn_bundle *bundle, pn_bytes digest,
                           pn_error *err) {
    if (!dir || !bundle || !digest.data)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_verify_record: dir, bundle and digest must not be NULL");
    PNI_AUTO_PTR(pni_text) path = record_path(dir, bundle);
    PNI_AUTO_PTR(pni_text) folder = pni_path_dir(path);
    PNI_TRY(pni_mkdirs(folder, err));
    return pni_file_write(path, digest.data, digest.len, err);
}

pn_status pn_verify_recorded(const char *dir, const pn_bundle *bundle, pn_buf *json_out,
                             pn_error *err) {
    if (!dir || !bundle || !json_out)
        return pni_fail(err, PNI_E_ARGUMENT,
                        "pn_verify_recorded: dir, bundle and json_out must not be NULL");
    PNI_AUTO_PTR(pni_text) path = record_path(dir, bundle);
    return pni_file_read(path, PNI_JSON_MAX_BYTES, json_out, err);
}
