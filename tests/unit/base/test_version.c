/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "t.h"

#include <stdio.h>

T_CASE(text_and_numbers_agree) {
    char want[32];
    snprintf(want, sizeof want, "%d.%d.%d", PN_VERSION_MAJOR, PN_VERSION_MINOR, PN_VERSION_PATCH);
    T_EQ_STR(pn_version(), want);
}
