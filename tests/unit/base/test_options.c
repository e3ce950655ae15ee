/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "t.h"

typedef struct options {
    uint32_t struct_size;
    int32_t mode;
    const char *name;
} options;

typedef struct newer_options {
    options base;
    int64_t later;
} newer_options;

T_CASE(null_means_defaults) {
    pn_error err = PN_ERROR_INIT;
    options ours = {1, 2, "x"};
    T_OK(pni_options_copy(&ours, sizeof ours, NULL, "test options", &err), &err);
    T_EQ_UINT(ours.struct_size, sizeof ours);
    T_EQ_INT(ours.mode, 0);
    T_ASSERT(!ours.name);
}

T_CASE(older_callers_leave_the_rest_zero) {
    pn_error err = PN_ERROR_INIT;
    options theirs = {8, 5, "not read"};
    options ours = {0, 0, "x"};
    T_OK(pni_options_copy(&ours, sizeof ours, &theirs, "test options", &err), &err);
    T_EQ_INT(ours.mode, 5);
    T_ASSERT(!ours.name);
    T_EQ_UINT(ours.struct_size, sizeof ours);
}

T_CASE(newer_callers_pass_when_the_tail_is_zero) {
    pn_error err = PN_ERROR_INIT;
    newer_options theirs = {{sizeof theirs, 3, "n"}, 0};
    options ours;
    T_OK(pni_options_copy(&ours, sizeof ours, &theirs, "test options", &err), &err);
    T_EQ_INT(ours.mode, 3);
    T_EQ_STR(ours.name, "n");
}

T_CASE(unknown_fields_are_refused) {
    pn_error err = PN_ERROR_INIT;
    newer_options theirs = {{sizeof theirs, 3, "n"}, 1};
    options ours;
    T_STATUS(pni_options_copy(&ours, sizeof ours, &theirs, "test options", &err), PN_UNSUPPORTED,
             &err);
    T_EQ_INT(err.number, PNI_E_OPTION_UNKNOWN);
    T_ASSERT(strstr(err.message, "test options") && strstr(err.message, "byte 16"));
}

T_CASE(sizes_that_cannot_be_are_refused) {
    pn_error err = PN_ERROR_INIT;
    options ours;
    options none = {0, 1, NULL};
    T_STATUS(pni_options_copy(&ours, sizeof ours, &none, "o", &err), PN_INVALID, &err);
    options huge = {UINT32_MAX, 1, NULL};
    T_STATUS(pni_options_copy(&ours, sizeof ours, &huge, "o", &err), PN_INVALID, &err);
    T_EQ_INT(err.number, PNI_E_ARGUMENT);
}
