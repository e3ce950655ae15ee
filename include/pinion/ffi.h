/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/ffi.h: how a library built on datafusion-ffi hands its functions and tables to pinion.
 *
 * The structs of datafusion-ffi say nothing of their version before they are used, so a library has
 * one small symbol besides, which says how large this table is and for which major version of
 * DataFusion its objects were made. Nothing else is touched before both fit. A session takes such
 * libraries only when it was opened with `allow_ffi`.
 *
 *     #[unsafe(no_mangle)]
 *     pub extern "C" fn pinion_df_ffi_entry() -> *const Table { … }
 */
#ifndef PINION_FFI_H
#define PINION_FFI_H

#include "pinion/types.h"

PN_EXTERN_C_BEGIN

/** What an object is. */
enum {
    PN_DF_FFI_SCALAR = 1,    /**< FFI_ScalarUDF */
    PN_DF_FFI_AGGREGATE = 2, /**< FFI_AggregateUDF */
    PN_DF_FFI_WINDOW = 3,    /**< FFI_WindowUDF */
    PN_DF_FFI_TABLE = 4,     /**< FFI_TableProvider */
};

/** One object. Lives as long as the library. */
typedef struct pn_df_ffi_object {
    int32_t kind; /**< PN_DF_FFI_* */
    uint32_t reserved;
    const char *name;   /**< of a table; what a function is called it says itself */
    const void *object; /**< the struct of datafusion-ffi for that kind */
} pn_df_ffi_object;

/** What the library hands over. */
typedef struct pn_df_ffi {
    uint32_t struct_size;   /**< sizeof(pn_df_ffi) */
    uint32_t df_major;      /**< of DataFusion and datafusion-ffi, as datafusion_ffi::version() */
    uint32_t n_objects;     /**< 1 or more */
    uint32_t object_stride; /**< bytes from one object to the next */
    const pn_df_ffi_object *objects;
} pn_df_ffi;

/** The one symbol: `pinion_df_ffi_entry`. NULL refuses. */
typedef const pn_df_ffi *(*pn_df_ffi_entry_fn)(void);

PN_EXTERN_C_END

#endif
