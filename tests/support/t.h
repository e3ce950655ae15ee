/*
 * The test harness: cases register themselves before main() runs, so a test file is only its cases.
 *
 * It uses libc alone, so that a unit-test binary links its own module and nothing above. Output is
 * TAP on stdout: one line per case, diagnostics as comments. A failed assertion leaves the case by
 * longjmp(), so a case must not hold a resource whose loss would spoil the next one.
 *
 *   T_CASE(empty_map_has_no_keys) { pni_map map = {0}; T_EQ_INT(pni_map_count(&map), 0); }
 *
 * Run one: test_base -s map::empty_map_has_no_keys (the file's noun, or the file's noun alone).
 */
#ifndef PN_TESTS_SUPPORT_T_H
#define PN_TESTS_SUPPORT_T_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void t_case_fn(void);

typedef struct t_case {
    const char *file; /* __FILE__; the suite name is its noun: tests/unit/base/test_map.c -> map */
    const char *name;
    t_case_fn *fn;
    struct t_case *next;
} t_case;

/* Live handles of what the test links, asked around each case; NULL counts nothing. */
extern int64_t (*t_live_handles)(void);
/* How many cases failed so far. */
extern size_t t_failed;

void t_register(t_case *test_case);

/* A fresh empty folder, removed when the case ends; borrowed, dies with the case. */
const char *t_tmpdir(void);
void t_remove_tmpdir(void); /* the harness calls it after each case */

/* "$PN_EXTERNAL_DATA/<name>", else "../shared/data/<name>"; skips the case when absent. */
const char *t_external_data(const char *name);

/* The project's root folder; T_SOURCE_DIR in the environment overrides what the build recorded. */
const char *t_source_dir(void);

/* Where an assertion stands and what it asserts. */
typedef struct t_place {
    const char *file;
    int line;
    const char *text;
} t_place;

_Noreturn void t_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
_Noreturn void t_skip(const char *reason);
void t_eq_int(t_place place, int64_t got, int64_t want);
void t_eq_uint(t_place place, uint64_t got, uint64_t want);
void t_eq_str(t_place place, const char *got, const char *want);
void t_eq_mem(t_place place, const void *got, const void *want, size_t len);
void t_status(t_place place, int64_t got, int64_t want, const char *message, const char *detail);

#define T_CASE(case_name)                                                                          \
    static void case_name(void);                                                                   \
    static t_case t_case_##case_name = {__FILE__, #case_name, case_name, NULL};                    \
    __attribute__((constructor)) static void t_register_##case_name(void) {                        \
        t_register(&t_case_##case_name);                                                           \
    }                                                                                              \
    static void case_name(void)

#define T_ASSERT(expr)                                                                             \
    do {                                                                                           \
        if (!(expr)) {                                                                             \
            t_fail(__FILE__, __LINE__, "false: %s", #expr);                                        \
        }                                                                                          \
    } while (0)
#define T_PLACE(text) ((t_place){__FILE__, __LINE__, text})
#define T_FAIL(...) t_fail(__FILE__, __LINE__, __VA_ARGS__)
#define T_SKIP(reason) t_skip(reason)
#define T_EQ_INT(got, want) t_eq_int(T_PLACE(#got), (int64_t)(got), (int64_t)(want))
#define T_EQ_UINT(got, want) t_eq_uint(T_PLACE(#got), (uint64_t)(got), (uint64_t)(want))
#define T_EQ_STR(got, want) t_eq_str(T_PLACE(#got), (got), (want))
#define T_EQ_MEM(got, want, len) t_eq_mem(T_PLACE(#got), (got), (want), (len))

/* `err` points at any struct with `message` and `detail` arrays, as pn_error has. */
#define T_OK(status, err) T_STATUS(status, 0, err)
#define T_STATUS(status, want, err)                                                                \
    do {                                                                                           \
        int64_t t_got_ = (int64_t)(status);                                                        \
        t_status(T_PLACE(#status), t_got_, (int64_t)(want), (err)->message, (err)->detail);        \
    } while (0)

#endif
