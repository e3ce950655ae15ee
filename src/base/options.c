/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options structs grow at the end only. Their first field is the size the caller was compiled with:
 * an older caller leaves our newer fields zero, which means default; a newer caller is served as
 * long as the fields we do not know are zero. The ceiling keeps a garbage size from making us read
 * far past the struct.
 */
#include "base/base.h"

#define OPTIONS_MAX_BYTES 65536u

pn_status pni_options_copy(void *ours, size_t our_size, const void *theirs, const char *what,
                           pn_error *err) {
    pni_assert(our_size >= sizeof(uint32_t) && our_size <= OPTIONS_MAX_BYTES);
    const uint32_t known = (uint32_t)our_size;
    memset(ours, 0, our_size);
    uint32_t size = known;
    if (theirs) {
        memcpy(&size, theirs, sizeof size);
        if (size < sizeof size || size > OPTIONS_MAX_BYTES) {
            pn_status status = pni_fail(err, PNI_E_ARGUMENT, "%s: struct_size is %u", what, size);
            pni_error_hint(err, "Start the struct from its _INIT macro or _init function.");
            return status;
        }
        const unsigned char *bytes = theirs;
        for (uint32_t i = known; i < size; i++) {
            if (bytes[i] != 0) {
                return pni_fail(err, PNI_E_OPTION_UNKNOWN,
                                "%s: the field at byte %u is set; this library knows %u bytes",
                                what, i, known);
            }
        }
        memcpy(ours, theirs, size < known ? size : known);
    }
    memcpy(ours, &known, sizeof known);
    return PN_OK;
}
