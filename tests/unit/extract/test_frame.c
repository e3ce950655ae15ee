/* SPDX-License-Identifier: Apache-2.0 */
#include "extract/extract.h"
#include "t.h"

#define END(files) "{\"protocol\":1,\"tool\":{},\"files\":[" files "]}"

static void put_frame(pn_buf *out, const char *name, const char *body) {
    pni_buf_printf(out, "%s %zu\n%s", name, strlen(body), body);
}

/* Feeds `step` bytes at a time. */
static pn_status feed(pni_frame_reader *reader, const pn_buf *bytes, size_t step, size_t n_files,
                      bool *done, pn_error *err) {
    *done = false;
    for (size_t at = 0; at < bytes->len && !*done;) {
        const size_t len = bytes->len - at < step ? bytes->len - at : step;
        size_t used = 0;
        PNI_TRY(pni_frame_reader_feed(reader, (pn_bytes){bytes->data + at, len}, n_files, &used,
                                      done, err));
        at += used;
    }
    return PN_OK;
}

T_CASE(frames_are_cut_at_any_split) {
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    put_frame(&bytes, "ast.nodes", "0123456789");
    put_frame(&bytes, "ast.empty", "");
    put_frame(
        &bytes, "end",
        END("{\"status\":\"ok\"},{\"status\":\"error\",\"error_type\":\"X\",\"message\":\"m\"}"));
    for (size_t step = 1; step < bytes.len + 1; step++) {
        pni_frame_reader reader = {0};
        pn_error err = PN_ERROR_INIT;
        bool done = false;
        T_OK(feed(&reader, &bytes, step, 2, &done, &err), &err);
        T_ASSERT(done);
        pni_answer answer = pni_frame_reader_take(&reader);
        T_EQ_UINT(answer.frames.count, 2);
        T_EQ_STR(answer.frames.items[0].name, "ast.nodes");
        T_EQ_STR(pni_buf_text(&answer.frames.items[0].data), "0123456789");
        T_EQ_UINT(answer.frames.items[1].data.len, 0);
        T_ASSERT(pni_answer_outcome(&answer, 0).error_type == NULL);
        T_EQ_STR(pni_answer_outcome(&answer, 1).error_type, "X");
        pni_answer_dispose(&answer);
        pni_frame_reader_dispose(&reader);
    }
}

static void refuse(const char *text, size_t n_files) {
    pni_frame_reader reader = {0};
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    pni_buf_puts(&bytes, text);
    pn_error err = PN_ERROR_INIT;
    bool done = false;
    T_STATUS(feed(&reader, &bytes, 7, n_files, &done, &err), PN_CORRUPT, &err);
    T_EQ_INT(err.number, PNI_E_CPG_ANSWER);
    pni_frame_reader_dispose(&reader);
}

T_CASE(what_is_no_frame_is_refused) {
    refuse("nonsense\n", 0);
    refuse(" 3\nabc", 0);
    refuse("a -1\n", 0);
    refuse("a 12x\n", 0);
    refuse("a 99999999999999999999\n", 0);
    refuse("a 4294967296\n", 0);
    refuse("Traceback (most recent call last): File 'x.py', line 1, in <module> import nothing "
           "at all because it is not there, and so on until the line is longer than any head "
           "of a frame may be, which is not very long: a name, a space and a length",
           0);
}

T_CASE(trailers_must_fit) {
    refuse("end 3\nabc", 0);
    refuse("end 2\n{}", 0);
    refuse("end 27\n{\"protocol\":2,\"files\":[   ]}", 0);
    refuse("end 26\n{\"protocol\":1,\"files\":[  ]}", 1);
    refuse("end 39\n{\"protocol\":1,\"files\":[{\"status\":\"odd\"}]}", 1);
}
