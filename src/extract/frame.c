/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames: "<name> <length>\n" and so many bytes, the last one named `end`. Lengths come from a
 * program that is not trusted: each is bounded, and memory grows with what arrives, not with what
 * is announced.
 */
#include "extract/extract.h"

#define FRAME_MAX_BYTES (1u << 30)
#define ANSWER_MAX_BYTES (2ull << 30)
#define TRAILER_MAX_BYTES (4u << 20)
#define FRAMES_MAX 256u

static pn_status malformed(pn_error *err, const char *what) {
    return pni_fail(err, PNI_E_CPG_ANSWER, "an extractor's answer: %s", what);
}

void pni_answer_dispose(pni_answer *answer) {
    for (size_t i = 0; i < answer->frames.count; i++) {
        pn_buf_dispose(&answer->frames.items[i].data);
    }
    pni_vec_dispose(&answer->frames);
    json_decref(answer->trailer);
    answer->trailer = NULL;
}

pni_file_outcome pni_answer_outcome(const pni_answer *answer, size_t file) {
    const json_t *entry = json_array_get(json_object_get(answer->trailer, "files"), file);
    pni_file_outcome outcome = {NULL, NULL};
    if (!pni_streq(pni_json_text(entry, "status"), "ok")) {
        const char *type = pni_json_text(entry, "error_type");
        const char *message = pni_json_text(entry, "message");
        outcome.error_type = type != NULL ? type : "Error";
        outcome.message = message != NULL ? message : "";
    }
    return outcome;
}

static pn_status check_trailer(const json_t *trailer, size_t n_files, pn_error *err) {
    uint64_t protocol = 0;
    if (!pni_json_u64_of(trailer, "protocol", &protocol) || protocol != 1) {
        return malformed(err, "the trailer is not of protocol 1");
    }
    const json_t *files = json_object_get(trailer, "files");
    if (!json_is_array(files) || json_array_size(files) != n_files) {
        return malformed(err, "the trailer does not speak of every file");
    }
    for (size_t i = 0; i < n_files; i++) {
        const char *status = pni_json_text(json_array_get(files, i), "status");
        if (!pni_streq(status, "ok") && !pni_streq(status, "error")) {
            return malformed(err, "a file has neither status ok nor error");
        }
    }
    return PN_OK;
}

/* A head line without its '\n'. */
static pn_status parse_head(pni_frame_reader *r, pn_error *err) {
    r->head[r->head_len] = '\0';
    char *space = strchr(r->head, ' ');
    uint64_t len = 0;
    if (space == NULL || space == r->head || strlen(r->head) != r->head_len ||
        (size_t)(space - r->head) >= sizeof r->frame.name || !pni_parse_u64(space + 1, &len)) {
        return malformed(err, "a frame does not begin with a name and a length");
    }
    if (len > FRAME_MAX_BYTES || r->total_len + len > ANSWER_MAX_BYTES ||
        r->answer.frames.count >= FRAMES_MAX) {
        return malformed(err, "it is larger than allowed");
    }
    *space = '\0';
    memcpy(r->frame.name, r->head, strlen(r->head) + 1);
    r->body_len = (size_t)len;
    r->total_len += (size_t)len;
    r->head_len = 0;
    r->in_body = true;
    return PN_OK;
}

static pn_status feed_head(pni_frame_reader *r, pn_bytes bytes, size_t *used, pn_error *err) {
    const uint8_t *newline = memchr(bytes.data, '\n', bytes.len);
    const size_t take = newline != NULL ? (size_t)(newline - bytes.data) : bytes.len;
    if (r->head_len + take >= sizeof r->head) {
        return malformed(err, "a frame does not begin with a name and a length");
    }
    memcpy(r->head + r->head_len, bytes.data, take);
    r->head_len += take;
    *used += take + (newline != NULL ? 1 : 0);
    return newline != NULL ? parse_head(r, err) : PN_OK;
}

/* The body is whole: keeps the frame, or ends the answer. */
static pn_status end_body(pni_frame_reader *r, size_t n_files, bool *done, pn_error *err) {
    r->in_body = false;
    if (!pni_streq(r->frame.name, "end")) {
        pni_vec_push(&r->answer.frames, r->frame);
        r->frame = (pni_frame){0};
        return PN_OK;
    }
    pn_error inner = PN_ERROR_INIT;
    if (r->frame.data.len > TRAILER_MAX_BYTES ||
        pni_json_parse(r->frame.data.data, r->frame.data.len, "trailer", &r->answer.trailer,
                       &inner) != PN_OK) {
        return malformed(err, "the trailer is not JSON");
    }
    PNI_TRY(check_trailer(r->answer.trailer, n_files, err));
    pn_buf_dispose(&r->frame.data);
    r->total_len = 0;
    *done = true;
    return PN_OK;
}

pn_status pni_frame_reader_feed(pni_frame_reader *reader, pn_bytes bytes, size_t n_files,
                                size_t *used_out, bool *done_out, pn_error *err) {
    size_t used = 0;
    *done_out = false;
    while (used < bytes.len && !*done_out) {
        const pn_bytes rest = {bytes.data + used, bytes.len - used};
        if (!reader->in_body) {
            PNI_TRY(feed_head(reader, rest, &used, err));
        } else {
            const size_t want = reader->body_len - reader->frame.data.len;
            const size_t take = rest.len < want ? rest.len : want;
            pni_buf_append(&reader->frame.data, rest.data, take);
            used += take;
        }
        if (reader->in_body && reader->frame.data.len == reader->body_len) {
            PNI_TRY(end_body(reader, n_files, done_out, err));
        }
    }
    *used_out = used;
    return PN_OK;
}

pni_answer pni_frame_reader_take(pni_frame_reader *reader) {
    const pni_answer answer = reader->answer;
    reader->answer = (pni_answer){0};
    return answer;
}

void pni_frame_reader_dispose(pni_frame_reader *reader) {
    pn_buf_dispose(&reader->frame.data);
    pni_answer_dispose(&reader->answer);
    *reader = (pni_frame_reader){0};
}
