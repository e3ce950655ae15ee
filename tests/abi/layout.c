/*
 * Layouts that other binaries rely on (LP64). Compiled by tools/check-abi, never run: a struct that
 * grows or moves a field stops the build here. Options structs grow at the end only, so their start
 * is what counts.
 */
#include "pinion/pinion.h"
#include "pinion/plugin.h"

#include <stddef.h>

#if __has_include("pn_engine.h")
#include "pn_engine.h"
_Static_assert(sizeof(pne_error) == sizeof(pn_error), "Rust writes into the caller's pn_error");
_Static_assert(_Alignof(pne_error) == _Alignof(pn_error), "Rust writes into the caller's pn_error");
#endif

_Static_assert(sizeof(void *) == 8, "64-bit only");
_Static_assert(sizeof(pn_status) == 4, "statuses cross as int32");
_Static_assert(sizeof(pn_error) == 2064, "pn_error has no spare room");
_Static_assert(offsetof(pn_error, status) == 4, "pn_error.status");
_Static_assert(offsetof(pn_error, number) == 8, "pn_error.number");
_Static_assert(offsetof(pn_error, os_errno) == 12, "pn_error.os_errno");
_Static_assert(offsetof(pn_error, message) == 16, "pn_error.message");
_Static_assert(offsetof(pn_error, detail) == 272, "pn_error.detail");
_Static_assert(offsetof(pn_error, hint) == 1808, "pn_error.hint");
_Static_assert(sizeof(pn_bytes) == 16, "pn_bytes");
_Static_assert(sizeof(pn_buf) == 24, "pn_buf");

#define STARTS_WITH_SIZE(type)                                                                     \
    _Static_assert(offsetof(type, struct_size) == 0 && sizeof(((type *)0)->struct_size) == 4,      \
                   #type " starts with its size")
STARTS_WITH_SIZE(pn_dataset_spec);
STARTS_WITH_SIZE(pn_plan_source);
STARTS_WITH_SIZE(pn_exec_options);
STARTS_WITH_SIZE(pn_write_request);
STARTS_WITH_SIZE(pn_project_options);
STARTS_WITH_SIZE(pn_build_options);
STARTS_WITH_SIZE(pn_session_options);
STARTS_WITH_SIZE(pn_kernel_call);
STARTS_WITH_SIZE(pn_udf);
STARTS_WITH_SIZE(pn_host);
STARTS_WITH_SIZE(pn_plugin);
