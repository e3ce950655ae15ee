/* A pack that does what it can to mislead the process that probes it. */
#include "pack.h"

#include <stdio.h>
#include <unistd.h>

static const char *const longs[] = {"l"};

/* Nothing that was open is open any more, and it never ends. */
static int32_t hides(void *ctx, const pn_kernel_call *call, struct ArrowArray *out, char *message,
                     size_t cap) {
    (void)ctx, (void)call, (void)out, (void)message, (void)cap;
    for (int fd = 0; fd < 1024; fd++) {
        close(fd);
    }
    while (pause() < 0) {
    }
    return 0;
}

/* Every page that it shares with another process, whatever they agreed on there. */
static int32_t overwrites(void *ctx, const pn_kernel_call *call, struct ArrowArray *out,
                          char *message, size_t cap) {
    (void)ctx, (void)call, (void)out;
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    while (maps && fgets(line, sizeof line, maps)) {
        unsigned long start = 0, end = 0;
        char access[5] = "";
        if (sscanf(line, "%lx-%lx %4s", &start, &end, access) == 3 && strcmp(access, "rw-s") == 0) {
            memset((void *)start, 0xc3, end - start); /* no UTF-8, no end, no flag */
        }
    }
    return complain(message, cap, "done");
}

static const pn_udf functions[] = {
    {
        .struct_size = sizeof(pn_udf),
        .min_args = 1,
        .max_args = 1,
        .n_arg_formats = 1,
        .name = "hides",
        .arg_formats = longs,
        .return_format = "l",
        .invoke = hides,
        .body_version = "1",
    },
    {
        .struct_size = sizeof(pn_udf),
        .min_args = 1,
        .max_args = 1,
        .n_arg_formats = 1,
        .name = "overwrites",
        .arg_formats = longs,
        .return_format = "l",
        .invoke = overwrites,
        .body_version = "1",
    },
};

PACK_OF("hostile", functions)
