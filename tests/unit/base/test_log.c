/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "t.h"

static void collect(void *ctx, const char *message, size_t len) {
    pni_buf_append(ctx, message, len);
    pni_buf_putc(ctx, '|');
}

T_CASE(messages_reach_the_callback_while_it_is_set) {
    PNI_AUTO(pn_buf) seen = PN_BUF_INIT;
    pni_logf("lost %d", 1);
    T_ASSERT(!pni_log_enabled());
    pn_log_set(collect, &seen);
    T_ASSERT(pni_log_enabled());
    pni_logf("kept %d", 2);
    pni_logf("%s", "");
    pn_log_set(NULL, NULL);
    pni_logf("lost %d", 3);
    T_EQ_STR(pni_buf_text(&seen), "kept 2||");
}
