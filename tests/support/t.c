/*
 * Cases run in one process, ordered by file and name whatever the link order was, so that the
 * output of two builds can be compared. Each case runs inside setjmp(): assertions and skips jump
 * back here; in a thread that a case started they end the thread, and fail the case once it is
 * over. The handle count is compared around each case, so that a case that leaks fails itself and
 * not a later one.
 */
#include "t.h"

#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum outcome { PASSED = 0, FAILED = 1, SKIPPED = 2 };

int64_t (*t_live_handles)(void) = NULL;
size_t t_failed = 0;

static t_case *cases;
static size_t case_count;
static jmp_buf back;
static pthread_t runner; /* the thread of the cases; only its own frames can be jumped out of */
static atomic_bool thread_failed;
static char skip_reason[256];

void t_register(t_case *test_case) {
    test_case->next = cases;
    cases = test_case;
    case_count++;
}

static _Noreturn void leave(enum outcome outcome) {
    if (pthread_equal(pthread_self(), runner))
        longjmp(back, (int)outcome);
    atomic_store(&thread_failed, true);
    pthread_exit(NULL);
}

_Noreturn void t_fail(const char *file, int line, const char *format, ...) {
    va_list args;
    va_start(args, format);
    printf("# %s:%d: ", file, line);
    vprintf(format, args);
    printf("\n");
    va_end(args);
    leave(FAILED);
}

_Noreturn void t_skip(const char *reason) {
    snprintf(skip_reason, sizeof skip_reason, "%s", reason);
    leave(SKIPPED);
}

void t_eq_int(t_place place, int64_t got, int64_t want) {
    if (got != want) {
        t_fail(place.file, place.line, "%s is %" PRId64 ", want %" PRId64, place.text, got, want);
    }
}

void t_eq_uint(t_place place, uint64_t got, uint64_t want) {
    if (got != want) {
        t_fail(place.file, place.line, "%s is %" PRIu64 ", want %" PRIu64, place.text, got, want);
    }
}

void t_eq_str(t_place place, const char *got, const char *want) {
    if (!got || !want ? got != want : strcmp(got, want) != 0) {
        t_fail(place.file, place.line, "%s differs\n#   got  '%s'\n#   want '%s'", place.text,
               got ? got : "(null)", want ? want : "(null)");
    }
}

void t_eq_mem(t_place place, const void *got, const void *want, size_t len) {
    const unsigned char *left = got;
    const unsigned char *right = want;
    for (size_t i = 0; i < len; i++) {
        if (left[i] != right[i]) {
            t_fail(place.file, place.line, "%s differs at byte %zu of %zu: 0x%02x, want 0x%02x",
                   place.text, i, len, left[i], right[i]);
        }
    }
}

void t_status(t_place place, int64_t got, int64_t want, const char *message, const char *detail) {
    if (got != want) {
        t_fail(place.file, place.line, "%s is status %" PRId64 ", want %" PRId64 "\n#   %s\n#   %s",
               place.text, got, want, message, detail);
    }
}

/* tests/unit/base/test_map.c -> map */
static void suite_name(const t_case *test_case, char out[128]) {
    const char *slash = strrchr(test_case->file, '/');
    const char *stem = slash ? slash + 1 : test_case->file;
    stem += strncmp(stem, "test_", 5) == 0 ? 5 : 0;
    snprintf(out, 128, "%.*s", (int)strcspn(stem, "."), stem);
}

static bool selected(const t_case *test_case, const char *filter) {
    char suite[128];
    char full[384];
    suite_name(test_case, suite);
    snprintf(full, sizeof full, "%s::%s", suite, test_case->name);
    return !filter || strcmp(filter, suite) == 0 || strcmp(filter, full) == 0;
}

static int by_file_and_name(const void *left, const void *right) {
    const t_case *const *a = left;
    const t_case *const *b = right;
    int order = strcmp((*a)->file, (*b)->file);
    return order ? order : strcmp((*a)->name, (*b)->name);
}

static enum outcome run_case(const t_case *test_case) {
    volatile int64_t before = t_live_handles ? t_live_handles() : 0;
    runner = pthread_self();
    atomic_store(&thread_failed, false);
    int outcome = setjmp(back);
    if (outcome == PASSED) {
        test_case->fn();
    }
    outcome = atomic_load(&thread_failed) ? FAILED : outcome;
    t_remove_tmpdir();
    int64_t after = t_live_handles ? t_live_handles() : 0;
    if (outcome == PASSED && after != before) {
        printf("# %" PRId64 " engine handles leaked\n", after - before);
        outcome = FAILED;
    }
    return (enum outcome)outcome;
}

static int run_all(const t_case **list, size_t count) {
    printf("1..%zu\n", count);
    for (size_t i = 0; i < count; i++) {
        char suite[128];
        suite_name(list[i], suite);
        enum outcome outcome = run_case(list[i]);
        t_failed += outcome == FAILED;
        printf("%sok %zu - %s::%s", outcome == FAILED ? "not " : "", i + 1, suite, list[i]->name);
        printf(outcome == SKIPPED ? " # SKIP %s\n" : "%s\n", outcome == SKIPPED ? skip_reason : "");
        fflush(stdout);
    }
    return t_failed ? 1 : 0;
}

int main(int argc, char **argv) {
    const char *filter = argc == 3 && strcmp(argv[1], "-s") == 0 ? argv[2] : NULL;
    bool list_only = argc == 2 && strcmp(argv[1], "-l") == 0;
    if (argc > 1 && !filter && !list_only) {
        fprintf(stderr, "usage: %s [-l | -s suite[::case]]\n", argv[0]);
        return 2;
    }
    const t_case **list = calloc(case_count + 1, sizeof *list);
    size_t count = 0;
    for (const t_case *c = cases; list && c; c = c->next) {
        if (selected(c, filter)) {
            list[count++] = c;
        }
    }
    if (!list || count == 0) {
        fprintf(stderr, "%s: no case matches '%s'\n", argv[0], filter ? filter : "");
        free(list);
        return 2;
    }
    qsort(list, count, sizeof(const t_case *), by_file_and_name);
    for (size_t i = 0; list_only && i < count; i++) {
        char suite[128];
        suite_name(list[i], suite);
        printf("%s::%s\n", suite, list[i]->name);
    }
    int code = list_only ? 0 : run_all(list, count);
    free(list);
    return code;
}
