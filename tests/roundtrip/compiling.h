/*
 * What compiling costs, step by step, for bench/compiling.py.
 */
#ifndef PN_TESTS_ROUNDTRIP_COMPILING_H
#define PN_TESTS_ROUNDTRIP_COMPILING_H

#include "exported.h"

/* The session of `e` has the tables of the query. */
json_t *compiling(const exported *e, const char *sql, json_int_t runs);

#endif
