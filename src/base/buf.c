/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing run of bytes, the only way text and bytes leave the library. Capacity doubles; one byte
 * past `len` is always a NUL, so that a text buffer is a C string at any moment. Ceilings belong to
 * whoever reads the input.
 */
#include "base/base.h"

#include <stdio.h>

void pn_buf_dispose(pn_buf *buf) {
    if (buf) {
        pni_free(buf->data);
        *buf = PN_BUF_INIT;
    }
}

void pni_buf_reserve(pn_buf *buf, size_t more) {
    size_t need;
    if (__builtin_add_overflow(buf->len, more, &need) || need > SIZE_MAX / 2 - 1) {
        pni_abort(__FILE__, __LINE__, "buffer size overflows");
    }
    if (buf->data && need < buf->cap) {
        return;
    }
    size_t cap = buf->cap < 32 ? 64 : buf->cap * 2;
    cap = cap > need ? cap : need + 1;
    buf->data = pni_realloc(buf->data, cap);
    buf->cap = cap;
    buf->data[buf->len] = '\0';
}

void pni_buf_append(pn_buf *buf, const void *data, size_t len) {
    pni_buf_reserve(buf, len);
    if (len > 0) {
        memcpy(buf->data + buf->len, data, len);
    }
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void pni_buf_puts(pn_buf *buf, const char *text) {
    pni_buf_append(buf, text, strlen(text));
}

void pni_buf_putc(pn_buf *buf, char c) {
    pni_buf_append(buf, &c, 1);
}

/* Most texts are short: the first try writes into what is there, the second has the exact size. */
void pni_buf_vprintf(pn_buf *buf, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    pni_buf_reserve(buf, 63);
    size_t room = buf->cap - buf->len;
    int len = vsnprintf((char *)buf->data + buf->len, room, format, args);
    pni_assert(len >= 0);
    if ((size_t)len >= room) {
        pni_buf_reserve(buf, (size_t)len);
        vsnprintf((char *)buf->data + buf->len, (size_t)len + 1, format, again);
    }
    va_end(again);
    buf->len += (size_t)len;
}

void pni_buf_printf(pn_buf *buf, const char *format, ...) {
    va_list args;
    va_start(args, format);
    pni_buf_vprintf(buf, format, args);
    va_end(args);
}

void pni_buf_clear(pn_buf *buf) {
    buf->len = 0;
    if (buf->data) {
        buf->data[0] = '\0';
    }
}

char *pni_buf_steal(pn_buf *buf) {
    pni_buf_reserve(buf, 0);
    char *text = (char *)buf->data;
    *buf = PN_BUF_INIT;
    return text;
}

void pni_buf_sink(void *ctx, const uint8_t *data, size_t len) {
    pni_buf_append(ctx, data, len);
}
