/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "t.h"

T_CASE(always_ends_with_nul) {
    PNI_AUTO(pn_buf) buf = PN_BUF_INIT;
    T_EQ_STR(pni_buf_text(&buf), "");
    for (int i = 0; i < 500; i++) {
        pni_buf_putc(&buf, (char)('a' + i % 26));
        T_EQ_UINT(buf.len, i + 1);
        T_EQ_UINT(strlen(pni_buf_text(&buf)), i + 1);
    }
}

T_CASE(appends_bytes_text_and_formats) {
    PNI_AUTO(pn_buf) buf = PN_BUF_INIT;
    pni_buf_append(&buf, NULL, 0);
    pni_buf_puts(&buf, "a");
    pni_buf_append(&buf, "b\0c", 3);
    pni_buf_printf(&buf, "%d%s", 7, "x");
    T_EQ_UINT(buf.len, 6);
    T_EQ_MEM(buf.data, "ab\0c7x", 7);
}

T_CASE(long_formats_fit) {
    PNI_AUTO(pn_buf) buf = PN_BUF_INIT;
    pni_buf_printf(&buf, "%*d", 10000, 1);
    T_EQ_UINT(buf.len, 10000);
    T_EQ_INT(buf.data[9999], '1');
}

T_CASE(clear_keeps_storage_and_dispose_does_not) {
    pn_buf buf = PN_BUF_INIT;
    pni_buf_clear(&buf);
    pni_buf_puts(&buf, "text");
    uint8_t *data = buf.data;
    pni_buf_clear(&buf);
    T_ASSERT(buf.data == data && buf.len == 0);
    T_EQ_STR(pni_buf_text(&buf), "");
    pn_buf_dispose(&buf);
    T_ASSERT(!buf.data && !buf.cap);
    pn_buf_dispose(&buf);
    pn_buf_dispose(NULL);
}

T_CASE(steal_never_gives_null) {
    pn_buf buf = PN_BUF_INIT;
    PNI_AUTO_PTR(pni_text) empty = pni_buf_steal(&buf);
    T_EQ_STR(empty, "");
    pni_buf_puts(&buf, "owned");
    PNI_AUTO_PTR(pni_text) text = pni_buf_steal(&buf);
    T_EQ_STR(text, "owned");
    T_ASSERT(!buf.data);
}

T_CASE(sink_appends) {
    PNI_AUTO(pn_buf) buf = PN_BUF_INIT;
    pni_buf_sink(&buf, (const uint8_t *)"ab", 2);
    pni_buf_sink(&buf, (const uint8_t *)"c", 1);
    T_EQ_STR(pni_buf_text(&buf), "abc");
}
