/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library never prints. What helps a developer goes to one process-wide callback, set before
 * threads start, so that reading it needs no lock.
 */
#include "base/base.h"

static struct {
    pn_log_fn fn;
    void *ctx;
} logger;

void pn_log_set(pn_log_fn fn, void *ctx) {
    logger.fn = fn;
    logger.ctx = ctx;
}

bool pni_log_enabled(void) {
    return logger.fn != NULL;
}

void pni_logf(const char *format, ...) {
    if (!logger.fn) {
        return;
    }
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    PNI_AUTO(pn_buf) clean = PN_BUF_INIT;
    va_list args;
    va_start(args, format);
    pni_buf_vprintf(&text, format, args);
    va_end(args);
    pni_redact(pni_buf_text(&text), text.len, &clean);
    logger.fn(logger.ctx, pni_buf_text(&clean), clean.len);
}
