/*
 * Runs a fuzz target over files without a fuzzer, so that every build replays the corpus and the
 * inputs that once broke something. Each argument is a file, or a folder whose files are run in the
 * order of their names. TAP: one line per input; a crash ends the program, which the tally counts.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_INPUTS = 4096, MAX_INPUT_BYTES = 1 << 24, PATH_BYTES = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *inputs[MAX_INPUTS];
static size_t input_count;

static void add_input(const char *folder, const char *name) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s%s%s", folder, *folder ? "/" : "", name);
    if (input_count < MAX_INPUTS) {
        inputs[input_count++] = strdup(path);
    }
}

static int by_name(const void *left, const void *right) {
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void add_argument(const char *path) {
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) {
        add_input("", path);
        return;
    }
    DIR *folder = opendir(path);
    size_t first = input_count;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (entry->d_name[0] != '.') {
            add_input(path, entry->d_name);
        }
    }
    if (folder) {
        closedir(folder);
    }
    qsort(inputs + first, input_count - first, sizeof *inputs, by_name);
}

/* 0 when the input could be read; the target itself answers by not crashing. */
static int run_input(const char *path) {
    static uint8_t bytes[MAX_INPUT_BYTES];
    FILE *file = fopen(path, "rb");
    if (!file) {
        return 1;
    }
    size_t size = fread(bytes, 1, sizeof bytes, file);
    int bad = ferror(file);
    fclose(file);
    if (bad) {
        return 1;
    }
    /* A copy of the exact size: a read behind the end is then seen by ASan. */
    uint8_t *exact = malloc(size ? size : 1);
    if (!exact) {
        return 1;
    }
    memcpy(exact, bytes, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

int main(int argc, char **argv) {
    int failed = 0;
    for (int i = 1; i < argc; i++) {
        add_argument(argv[i]);
    }
    printf("1..%zu\n", input_count);
    for (size_t i = 0; i < input_count; i++) {
        int bad = run_input(inputs[i]);
        printf("%sok %zu - %s\n", bad ? "not " : "", i + 1, inputs[i]);
        fflush(stdout);
        failed |= bad;
        free(inputs[i]);
    }
    return failed || input_count == 0;
}
