/* SPDX-License-Identifier: Apache-2.0 */
#include "source/source.h"
#include "t.h"

static void expect(const char *text, size_t len, const char *want) {
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    size_t at = 0;
    pni_line line;
    while (pni_line_next((pn_bytes){(const uint8_t *)text, len}, &at, &line)) {
        pni_buf_printf(&got, "%d-%d-%d %s;", (int)line.start_byte, (int)line.text_end,
                       (int)line.end_byte, line.newline_kind);
    }
    T_EQ_STR(pni_buf_text(&got), want);
}

T_CASE(all_three_line_ends) {
    expect("a\nb\r\nc\rd", 8, "0-1-2 lf;2-3-5 crlf;5-6-7 cr;7-8-8 none;");
}

T_CASE(a_final_newline_begins_no_line) {
    expect("", 0, "");
    expect("a\n", 2, "0-1-2 lf;");
    expect("\n\n", 2, "0-0-1 lf;1-1-2 lf;");
    expect("\r", 1, "0-0-1 cr;");
}

T_CASE(nothing_else_ends_a_line) {
    expect("a\f\vb\x1c\xc2\x85", 7, "0-7-7 none;");
    expect("a\0b\n", 4, "0-3-4 lf;");
}

T_CASE(a_byte_order_mark_belongs_to_no_line) {
    expect("\xEF\xBB\xBFx\n", 5, "3-4-5 lf;");
    expect("\xEF\xBB\xBF", 3, "");
}
