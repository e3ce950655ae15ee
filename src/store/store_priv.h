/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PNI_STORE_PRIV_H
#define PNI_STORE_PRIV_H

#include "store/store.h"

#define STORE_PARTITION "event_date"

/* A session for upkeep: one partition, so that one append makes one file. */
pn_status store_session(pni_engine_session **out, pn_error *err);
/* Opens a table that is there; *out stays NULL when it is not. `info` may be NULL. */
pn_status store_open_table(const pni_engine_session *session, const char *project_dir,
                           pni_record_kind kind, pni_engine_table **out, json_t **info,
                           pn_error *err);
/* The value of the partition column in the path of a data file, as a text of `out`; false when it
 * has none. */
bool store_partition_of(const char *path, char out[16]);
/* NOT_FOUND when there is neither a store nor a project. */
pn_status store_check(const char *project_dir, pn_error *err);

#endif
