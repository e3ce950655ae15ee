/* SPDX-License-Identifier: Apache-2.0 */
/* Probing a pack: what parent and child share. */
#ifndef PNI_PROBE_PRIV_H
#define PNI_PROBE_PRIV_H

#include "arrow/arrow.h"
#include "udf/udf.h"

enum { PROBE_MAX_FINDINGS = 8 };

typedef struct probe_finding {
    char what[24]; /* crash, timeout, length, … */
    char at[96];   /* the call: "8192 rows", … */
    char text[256];
} probe_finding;

/* One page that both processes see. The child writes; what it did last survives its death. */
typedef struct probe_page {
    char name[PNI_NAME_MAX_BYTES + 1];
    char kind[16];
    char pack[128];
    char version[64];
    char at[96]; /* the call that is running */
    uint32_t calls;
    uint32_t refused; /* calls that were answered with an error */
    uint32_t n_findings;
    uint32_t is_past_end;  /* the pack has no function of that number */
    uint32_t has_failed;   /* it cannot be loaded: why */
    uint32_t is_done;      /* these three 0 or 1, in a type that any bytes are a value of */
    volatile int32_t stop; /* the parent's: calls are told to end, and no other is begun */
    pn_error why;
    char refusal[160]; /* the last error that a function gave */
    probe_finding findings[PROBE_MAX_FINDINGS];
} probe_page;

PNI_DEFINE_AUTO_PTR(probe_page, pni_free)

/* Notes how the child ended: the status of waitpid(), and whether it had to be killed because it
 * did not stop when it was told. Whatever was on the page, all of it may be read and printed from
 * here on. */
void pni_probe_judge(probe_page *page, int state, bool timed_out, uint32_t timeout_ms);

/* Puts a text on the page, cut between characters: half of one would make all of it unreadable. */
void pni_probe_put(char *out, size_t size, const char *text);
void pni_probe_note(probe_page *page, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- memory.c: memory that tells --------------------------------------------------------
 */

/* A host whose memory ends at a page that nobody may touch, and is never used again once freed. */
extern const pn_host pni_probe_host;

/* Copies of arrays in read-only memory that ends at a guard page. */
typedef struct probe_memory probe_memory;
probe_memory *pni_probe_memory_new(void);
bool pni_probe_protect(probe_memory *memory, const struct ArrowArray *from, struct ArrowArray *out);
/* From here on nobody may read them either. */
void pni_probe_withdraw(probe_memory *memory);
void pni_probe_memory_free(probe_memory *memory);

typedef enum probe_fill { PROBE_VALUES, PROBE_NULLS, PROBE_MIXED } probe_fill;

/* ---- call.c ---------------------------------------------------------------------------------- */

/* One way to call a function. */
typedef struct probe_way {
    const pn_udf *udf;
    uint32_t count; /* of arguments */
    pni_sample sample;
    probe_fill fill;
    int64_t rows;
    int64_t offset; /* of the arrays: a slice */
    bool constants; /* all arguments are scalars */
} probe_way;

/* The arguments of one call; made, used and given up together. */
typedef struct probe_args {
    probe_memory *memory;
    struct ArrowSchema *types;
    struct ArrowArray *arrays;
    pn_kernel_arg *args;
    const struct ArrowSchema **fields;
    const struct ArrowArray **scalars;
    uint32_t count;
    bool all_scalar;
} probe_args;

bool pni_probe_args_make(const probe_way *way, probe_args *args);
void pni_probe_args_dispose(probe_args *args);
/* Notes that a call was answered with an error; false. */
bool pni_probe_refuse(probe_page *page, const char message[512]);
/* The type of the result; false when the function refuses or gives none. */
bool pni_probe_result_type(const probe_way *way, const probe_args *args, probe_page *page,
                           struct ArrowSchema *out);
/* Looks at a result, reads its values into `text`, releases it; false when something was wrong. */
bool pni_probe_check(probe_page *page, const struct ArrowSchema *type, struct ArrowArray *out,
                     int64_t want, pn_buf *text);

/* ---- kinds.c --------------------------------------------------------------------------------- */

/* Call one aggregate, window or table function with these arguments. */
void pni_probe_aggregate(const pn_aggregate *aggregate, const probe_way *way, probe_page *page);
void pni_probe_window(const pn_window *window, const probe_way *way, probe_page *page);
void pni_probe_table(const pn_table_function *function, const probe_way *way, probe_page *page);

/* ---- child.c --------------------------------------------------------------------------------- */

/* The child's work: calls function `index` of the pack in every way; `rows` in the largest. Without
 * a path: of the built-in pack. */
void pni_probe_function(const char *path, uint64_t index, uint32_t rows, probe_page *page);

/* ---- input.c: made-up arguments ---------------------------------------------------------
 */

/* `rows` values of the type, the same in each process; false for a type that cannot be made. */
bool pni_probe_column(const struct ArrowSchema *type, int64_t rows, probe_fill fill, uint32_t seed,
                      struct ArrowArray *out);

#endif
