/*
 * What the snapshot of functions costs, for bench/snapshot.py.
 */
#ifndef PN_TESTS_ROUNDTRIP_SNAPSHOTTING_H
#define PN_TESTS_ROUNDTRIP_SNAPSHOTTING_H

#include "exported.h"

/* Of the functions of the pack at `path`. */
json_t *snapshotting(const char *path, json_int_t runs);

#endif
