/* Libraries over datafusion-ffi that do not fit, in one: FOREIGN in the environment says how. None
 * of their objects is ever touched, so none is real. */
#include "pinion/ffi.h"

#include <stdlib.h>
#include <string.h>

PN_API const pn_df_ffi *pinion_df_ffi_entry(void);

static const int nothing = 0;
static pn_df_ffi_object object = {.kind = PN_DF_FFI_TABLE, .name = "t", .object = &nothing};
static pn_df_ffi_object both[2];
static pn_df_ffi table = {.struct_size = sizeof(pn_df_ffi),
                          .df_major = 55,
                          .n_objects = 1,
                          .object_stride = sizeof(pn_df_ffi_object),
                          .objects = &object};

const pn_df_ffi *pinion_df_ffi_entry(void) {
    const char *how = getenv("FOREIGN");
    pn_df_ffi fresh = {sizeof(pn_df_ffi), 55, 1, sizeof(pn_df_ffi_object), &object};
    table = fresh;
    object.kind = PN_DF_FFI_TABLE;
    object.name = "t";
    object.object = &nothing;
    if (!how || strcmp(how, "refuses") == 0)
        return NULL;
    if (strcmp(how, "size") == 0)
        table.struct_size = 8;
    if (strcmp(how, "major") == 0)
        table.df_major = 54;
    if (strcmp(how, "stride") == 0)
        table.object_stride = 16;
    if (strcmp(how, "none") == 0)
        table.n_objects = 0;
    if (strcmp(how, "kind") == 0)
        object.kind = 77;
    if (strcmp(how, "null") == 0)
        object.object = NULL;
    if (strcmp(how, "name") == 0)
        object.name = NULL;
    if (strcmp(how, "twice") == 0) {
        both[0] = both[1] = object;
        table.objects = both;
        table.n_objects = 2;
    }
    return &table;
}
