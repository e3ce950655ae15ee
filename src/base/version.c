/* SPDX-License-Identifier: Apache-2.0 */
/* The version is written once, as numbers in pinion/types.h; this is their text. */
#include "base/base.h"

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

const char *pn_version(void) {
    return TEXT(PN_VERSION_MAJOR) "." TEXT(PN_VERSION_MINOR) "." TEXT(PN_VERSION_PATCH);
}
