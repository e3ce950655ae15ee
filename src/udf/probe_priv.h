/* SPDX-License-Identifier: Apache-2.0 */
/* Probing a pack: what parent and child share. */
#ifndef PNI_UDF_PROBE_PRIV_H
#define PNI_UDF_PROBE_PRIV_H

#include "udf/udf_priv.h"

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
    bool is_past_end; /* the pack has no function of that number */
    bool has_failed;  /* it cannot be loaded: why */
    bool is_done;
    pn_error why;
    char refusal[160]; /* the last error that a function gave */
    probe_finding findings[PROBE_MAX_FINDINGS];
} probe_page;

void pni_probe_note(probe_page *page, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The child's work: calls function `index` of the pack in every way; `rows` in the largest. Without
 * a path: of the built-in pack. */
void pni_probe_function(const char *path, uint64_t index, uint32_t rows, probe_page *page);

/* ---- probe_memory.c: memory that tells --------------------------------------------------------
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

/* ---- probe_input.c: made-up arguments ---------------------------------------------------------
 */

typedef enum probe_fill { PROBE_VALUES, PROBE_NULLS, PROBE_MIXED } probe_fill;
/* `rows` values of the type, the same in each process; false for a type that cannot be made. */
bool pni_probe_column(const struct ArrowSchema *type, int64_t rows, probe_fill fill, uint32_t seed,
                      struct ArrowArray *out);

#endif
