/* SPDX-License-Identifier: Apache-2.0 */
/**
 * pinion/arrow.h: the Arrow C data and stream interfaces, as the Arrow specification defines them.
 *
 * Data crosses every boundary of pinion as these structs. Ownership follows the specification:
 * whoever holds a struct with a non-NULL `release` must call it once. Arrays handed IN to pinion
 * are consumed always, on failure too; arrays handed OUT go into zeroed storage of the caller.
 *
 * Source: the Arrow C data interface and C stream interface specifications.
 */
#ifndef PINION_ARROW_H
#define PINION_ARROW_H

#include "pinion/types.h"

PN_EXTERN_C_BEGIN

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif

PN_EXTERN_C_END

#endif
