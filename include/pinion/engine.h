/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/engine.h: the query engine below: what it is made of, and whether anything of it is still
 * held.
 *
 * One engine runs per process. The first session starts it and it stays until the process ends, so
 * a process must not fork after that (a forked child gets PN_INVALID from every session it opens).
 *
 *     pn_buf info = PN_BUF_INIT;
 *     if (pn_engine_info(&info, &err) == PN_OK)
 *         puts((const char *)info.data);
 *     pn_buf_dispose(&info);
 */
#ifndef PINION_ENGINE_H
#define PINION_ENGINE_H

#include "pinion/error.h"
#include "pinion/types.h"

PN_EXTERN_C_BEGIN

/**
 * Appends the versions that make up this engine as one canonical JSON object.
 *
 * Keys: abi, arrow, datafusion, datafusion_substrait, deltalake, object_store, substrait, rustc,
 * profile, features (array of text) and pinion. Starts no thread.
 *
 * @param json_out  appended to, only on PN_OK
 * @param err       may be NULL
 *
 * @owns    caller owns the buffer, pn_buf_dispose()
 * @errors  PN_ABI the engine library is of another build than this library
 * @threads any
 * @since   0.1
 */
PN_API PN_NODISCARD pn_status pn_engine_info(pn_buf *json_out, pn_error *err);

/**
 * Counts the engine objects (sessions, tables, plans, streams, the engine itself) that are alive in
 * this process.
 *
 * For tests: the count returns to what it was when everything made in between has been freed.
 *
 * @threads any
 * @since   0.1
 */
PN_API int64_t pn_engine_live_handles(void);

PN_EXTERN_C_END

#endif
