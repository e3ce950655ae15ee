/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: the catalogue (errors.def) and the filling of a caller's pn_error.
 *
 * A message is one line of at most 255 bytes that must name the object and say why. A long path may
 * not push the reason off its end, so an overlong message loses its middle, not its tail. Details
 * lose their end. Both are cut on code points. System texts come untranslated: the same failure
 * reads the same under every locale.
 */
#define _GNU_SOURCE
#include "base/base.h"

#include <stdio.h>

#define MIDDLE " \xE2\x80\xA6 "

static const pn_error_entry catalogue[] = {
#define X(name, number, status, summary, remedy) {(number), PN_##status, #name, summary, remedy},
#include "base/errors.def"
#undef X
};
static const size_t catalogue_count = sizeof catalogue / sizeof catalogue[0];

static const struct {
    const char *name;
    int exit_code;
} statuses[] = {
#define STATUS(name, number, exit_code, meaning) [number] = {#name, exit_code},
    PN_STATUS_MAP(STATUS)
#undef STATUS
};
static const size_t status_count = sizeof statuses / sizeof statuses[0];

_Static_assert(sizeof(pn_error) == 2064, "pn_error is shared with the engine");

const char *pn_status_name(pn_status status) {
    return status >= 0 && (size_t)status < status_count ? statuses[status].name : "UNKNOWN";
}

int pn_status_exit_code(pn_status status) {
    return status >= 0 && (size_t)status < status_count ? statuses[status].exit_code : 3;
}

size_t pn_error_catalogue_count(void) {
    return catalogue_count;
}

const pn_error_entry *pn_error_catalogue_at(size_t index) {
    return index < catalogue_count ? &catalogue[index] : NULL;
}

const pn_error_entry *pn_error_catalogue_find(int32_t number) {
    size_t low = 0;
    size_t high = catalogue_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (catalogue[mid].number < number) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < catalogue_count && catalogue[low].number == number ? &catalogue[low] : NULL;
}

/* Copies `text`; when it does not fit, the middle goes. */
static void fit_both_ends(char *dst, size_t cap, const char *text, size_t len) {
    size_t head = len;
    size_t tail = len;
    if (len >= cap) {
        const size_t room = cap - sizeof MIDDLE;
        head = pni_utf8_cut(text, len, room / 2);
        tail = len - (room - head);
        while (tail < len && ((unsigned char)text[tail] & 0xC0) == 0x80) {
            tail++;
        }
    }
    memmove(dst, text, head);
    size_t at = head;
    if (head < len) {
        memcpy(dst + at, MIDDLE, sizeof MIDDLE - 1);
        at += sizeof MIDDLE - 1;
        memcpy(dst + at, text + tail, len - tail);
        at += len - tail;
    }
    dst[at] = '\0';
}

static void fit_line(char *dst, size_t cap, const char *text, size_t len) {
    fit_both_ends(dst, cap, text, len);
    for (char *p = dst; *p; p++) {
        *p = (unsigned char)*p < 0x20 ? ' ' : *p;
    }
}

static void fit_text(char *dst, size_t cap, const char *text, size_t len) {
    size_t keep = pni_utf8_cut(text, len, cap - 1);
    memcpy(dst, text, keep);
    dst[keep] = '\0';
}

/* Formats, without credentials. */
static void print_clean(pn_buf *out, const char *format, va_list args) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_buf_vprintf(&text, format, args);
    pni_redact(pni_buf_text(&text), text.len, out);
}

static const char *os_text(int os_errno) {
#ifdef __GLIBC__
    const char *text = strerrordesc_np(os_errno);
    return text ? text : "unknown system error";
#else
    (void)os_errno;
    return "system error";
#endif
}

static pn_status fill(pn_error *err, int32_t number, int os_errno, const char *format,
                      va_list args) {
    const pn_error_entry *row = pn_error_catalogue_find(number);
    pni_assert(row != NULL);
    if (!err) {
        return row->status;
    }
    PNI_AUTO(pn_buf) message = PN_BUF_INIT;
    print_clean(&message, format, args);
    if (os_errno) {
        pni_buf_printf(&message, ": %s", os_text(os_errno));
    }
    err->struct_size = err->struct_size ? err->struct_size : (uint32_t)sizeof *err;
    err->status = row->status;
    err->number = number;
    err->os_errno = os_errno;
    fit_line(err->message, sizeof err->message, pni_buf_text(&message), message.len);
    err->detail[0] = '\0';
    fit_text(err->hint, sizeof err->hint, row->remedy, strlen(row->remedy));
    return row->status;
}

pn_status(pni_fail)(pn_error *err, int32_t number, const char *format, ...) {
    va_list args;
    va_start(args, format);
    pn_status status = fill(err, number, 0, format, args);
    va_end(args);
    return status;
}

pn_status(pni_fail_os)(pn_error *err, int32_t number, int os_errno, const char *format, ...) {
    va_list args;
    va_start(args, format);
    pn_status status = fill(err, number, os_errno, format, args);
    va_end(args);
    return status;
}

void pni_error_detail(pn_error *err, const char *format, ...) {
    if (!err) {
        return;
    }
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    va_list args;
    va_start(args, format);
    print_clean(&text, format, args);
    va_end(args);
    fit_both_ends(err->detail, sizeof err->detail, pni_buf_text(&text), text.len);
}

void pni_error_hint(pn_error *err, const char *format, ...) {
    if (!err) {
        return;
    }
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    va_list args;
    va_start(args, format);
    print_clean(&text, format, args);
    va_end(args);
    fit_text(err->hint, sizeof err->hint, pni_buf_text(&text), text.len);
}

void pni_error_context(pn_error *err, const char *format, ...) {
    if (!err) {
        return;
    }
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    va_list args;
    va_start(args, format);
    print_clean(&text, format, args);
    va_end(args);
    pni_buf_puts(&text, ": ");
    pni_buf_puts(&text, err->message);
    fit_line(err->message, sizeof err->message, pni_buf_text(&text), text.len);
}

void pni_error_say(pn_error *err, const char *name, const char *said) {
    const char *at = err ? strstr(err->message, name) : NULL;
    if (!at) {
        return;
    }
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    pni_buf_append(&text, err->message, (size_t)(at - err->message));
    pni_buf_puts(&text, said);
    pni_buf_puts(&text, at + strlen(name));
    fit_line(err->message, sizeof err->message, pni_buf_text(&text), text.len);
}

void pni_error_redact(pn_error *err) {
    PNI_AUTO(pn_buf) message = PN_BUF_INIT;
    PNI_AUTO(pn_buf) detail = PN_BUF_INIT;
    pni_redact(err->message, strlen(err->message), &message);
    pni_redact(err->detail, strlen(err->detail), &detail);
    fit_line(err->message, sizeof err->message, pni_buf_text(&message), message.len);
    fit_both_ends(err->detail, sizeof err->detail, pni_buf_text(&detail), detail.len);
}

void pni_error_number(pn_error *err, int32_t number) {
    const pn_error_entry *row = pn_error_catalogue_find(number);
    pni_assert(row != NULL);
    if (!err || err->number != 0) {
        return;
    }
    err->number = number;
    if (err->hint[0] == '\0') {
        fit_text(err->hint, sizeof err->hint, row->remedy, strlen(row->remedy));
    }
}
