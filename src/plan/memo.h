/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memo: values made on demand, each at most once, by whichever thread asks first; the others wait
 * for it. A failure is not kept: the next who asks tries again. Making one value may ask for
 * another, as long as no two ask for each other.
 */
#ifndef PNI_MEMO_H
#define PNI_MEMO_H

#include "base/base.h"

typedef struct pni_memo pni_memo;
typedef pn_status (*pni_memo_make_fn)(void *ctx, json_t **out, pn_error *err);

pni_memo *pni_memo_new(void);
void pni_memo_free(pni_memo *memo);
/* *out is borrowed from the memo, which never changes it. */
pn_status pni_memo_get(pni_memo *memo, const char *name, pni_memo_make_fn make, void *ctx,
                       json_t **out, pn_error *err);
PNI_DEFINE_AUTO_PTR(pni_memo, pni_memo_free)

#endif
