/* Calls a built-in window function on one partition. */
#ifndef PN_TESTS_WIN_CALL_H
#define PN_TESTS_WIN_CALL_H

#include "pinion/plugin.h"

#include "arrow/arrow.h"
#include "base/base.h"

const pn_window *win_named(const char *name);

/* columns: JSON as pni_arrow_schema_from_json() takes it. rows: arrays of arguments. An argument
 * whose bit is in `scalar_mask` goes in as a scalar, the first row's value. Gives an array of
 * results, or NULL with a message. */
json_t *win_call(const pn_window *window, const char *columns, const json_t *rows,
                 uint64_t scalar_mask, char message[256]);

#endif
