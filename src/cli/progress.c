/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bar on one line of stderr, redrawn at most ten times a second and wiped at the end, so that it
 * leaves nothing behind. Callbacks come from any thread of the library: a lock guards the line.
 */
#include "cli/cli.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define REDRAW_NS INT64_C(100000000)
#define BAR_CELLS 24

static struct {
    pthread_mutex_t lock;
    bool is_on;
    bool is_drawn;
    int64_t drawn_ns;
    char what[40];
} line = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void cli_progress_start(const cli_app *cli) {
    pthread_mutex_lock(&line.lock);
    line.is_on = !cli->quiet && !cli->json && isatty(STDERR_FILENO);
    pthread_mutex_unlock(&line.lock);
}

static void draw(const char *what, uint64_t done, uint64_t total) {
    char bar[BAR_CELLS + 1];
    size_t full = total ? (size_t)((double)done / (double)total * BAR_CELLS) : 0;
    full = full > BAR_CELLS ? BAR_CELLS : full;
    memset(bar, '.', BAR_CELLS);
    memset(bar, '#', full);
    bar[BAR_CELLS] = '\0';
    if (total) {
        fprintf(stderr, "\r\033[K[%s] %" PRIu64 "/%" PRIu64 " %s", bar, done, total, what);
    } else {
        fprintf(stderr, "\r\033[K%" PRIu64 " %s", done, what);
    }
    fflush(stderr);
}

void cli_progress(void *ctx, const char *what, uint64_t done, uint64_t total) {
    (void)ctx;
    pthread_mutex_lock(&line.lock);
    int64_t now = now_ns();
    bool is_due =
        now - line.drawn_ns >= REDRAW_NS || strncmp(line.what, what, sizeof line.what - 1) != 0;
    if (line.is_on && is_due) {
        draw(what, done, total);
        line.drawn_ns = now;
        line.is_drawn = true;
        snprintf(line.what, sizeof line.what, "%s", what);
    }
    pthread_mutex_unlock(&line.lock);
}

void cli_progress_end(void) {
    pthread_mutex_lock(&line.lock);
    if (line.is_drawn) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    line.is_on = line.is_drawn = false;
    pthread_mutex_unlock(&line.lock);
}
