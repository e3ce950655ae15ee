/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory. Running out of it ends the process with one line, as the Rust engine does: code that
 * tries to survive it is never exercised. Sizes that come from input are bounded by their readers
 * before they get here.
 */
#include "base/base.h"

#include <stdlib.h>
#include <unistd.h>

/* Only write(2): the process may be out of memory or hold any lock of stdio. */
_Noreturn void pni_abort(const char *file, int line, const char *what) {
    char digits[12];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + line % 10);
        line /= 10;
    } while (line > 0 && at > 0);
    const pni_str parts[] = {
        PNI_STR("pinion: stopped at "),
        pni_str_of(file),
        PNI_STR(":"),
        {digits + at, sizeof digits - at},
        PNI_STR(": "),
        pni_str_of(what),
        PNI_STR("\n"),
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (write(STDERR_FILENO, parts[i].data, parts[i].len) < 0) {
            break;
        }
    }
    abort();
}

static void *checked(void *ptr) {
    if (!ptr) {
        pni_abort(__FILE__, __LINE__, "out of memory");
    }
    return ptr;
}

void *pni_alloc(size_t size) {
    return checked(malloc(size ? size : 1));
}

void *pni_calloc(size_t count, size_t size) {
    return checked(count && size ? calloc(count, size) : calloc(1, 1));
}

void *pni_realloc(void *ptr, size_t size) {
    return checked(realloc(ptr, size ? size : 1));
}

char *pni_strndup(const char *text, size_t len) {
    char *copy = pni_alloc(len + 1);
    if (len > 0) {
        memcpy(copy, text, len);
    }
    copy[len] = '\0';
    return copy;
}

char *pni_strdup(const char *text) {
    return pni_strndup(text, strlen(text));
}

void pni_free(void *ptr) {
    free(ptr);
}
