/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bundle files from anywhere: whatever is read exports to bytes that are read again as the same
 * bundles, and all else is a typed error. An input that starts with '#' is not the file itself but
 * a list of parts, "#<name>\n<hex length>\n<bytes>…": the file is made of them with digests that
 * fit, so that the fuzzer gets behind the checks of tar and manifest.
 */
#include "archive/archive_priv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PARTS_MAX = 64 };

static void must(int condition) {
    if (!condition)
        __builtin_trap();
}

/* Reads one line of `text`; false at the end. */
static bool take_line(const char **at, const char *end, char *line, size_t cap) {
    const char *stop = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;
    if (!stop || (size_t)(stop - *at) >= cap)
        return false;
    memcpy(line, *at, (size_t)(stop - *at));
    line[stop - *at] = '\0';
    *at = stop + 1;
    return true;
}

static int cmp_parts(const void *a, const void *b) {
    return strcmp(((const tar_part *)a)->name, ((const tar_part *)b)->name);
}

/* Keeps to names that the writer takes; it asserts the others. */
static bool is_plain(const char *name) {
    return *name && *name != '.' && *name != '/' && strlen(name) < 99 && !strstr(name, "/.") &&
           !strstr(name, "//") && name[strlen(name) - 1] != '/' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.-/") == strlen(name);
}

static size_t read_parts(const char *at, const char *end, tar_part *parts, char names[][128]) {
    size_t count = 0;
    char length[16];
    while (count < PARTS_MAX && at < end && *at == '#') {
        at++;
        if (!take_line(&at, end, names[count], 128) || !take_line(&at, end, length, sizeof length))
            break;
        size_t len = strtoul(length, NULL, 16);
        if (len > (size_t)(end - at) || !is_plain(names[count]))
            break;
        parts[count] = (tar_part){names[count], {(const uint8_t *)at, len}};
        count++;
        at += len;
    }
    return count;
}

/* Puts the true sizes and digests into the manifest, if it is one. */
static void complete_manifest(tar_part *parts, size_t count, pn_buf *manifest_out) {
    PNI_AUTO_PTR(json_t) rows = json_object();
    PNI_AUTO_PTR(json_t) manifest = NULL;
    tar_part *place = NULL;
    char hex[PNI_SHA256_HEX];
    for (size_t i = 0; i < count; i++) {
        if (pni_streq(parts[i].name, "manifest.json"))
            place = &parts[i];
        pni_sha256_hex(parts[i].data.data, parts[i].data.len, hex);
        if (place != &parts[i])
            json_object_set_new(
                rows, parts[i].name,
                json_pack("{s:I, s:s}", "size", (json_int_t)parts[i].data.len, "sha256", hex));
    }
    if (!place ||
        pni_json_parse(place->data.data, place->data.len, "x", &manifest, NULL) != PN_OK ||
        !json_is_object(manifest))
        return;
    json_object_set(manifest, "parts", rows);
    if (pni_json_canonical(manifest, manifest_out, NULL) == PN_OK)
        place->data = (pn_bytes){manifest_out->data, manifest_out->len};
}

static void make_file(const uint8_t *data, size_t size, pn_buf *out) {
    static char names[PARTS_MAX][128];
    tar_part parts[PARTS_MAX], once[PARTS_MAX];
    PNI_AUTO(pn_buf) manifest = PN_BUF_INIT;
    const char *text = (const char *)data;
    size_t count = read_parts(text, text + size, parts, names), kept = 0;
    complete_manifest(parts, count, &manifest);
    if (count)
        qsort(parts, count, sizeof *parts, cmp_parts);
    for (size_t i = 0; i < count; i++)
        if (!kept || !pni_streq(once[kept - 1].name, parts[i].name))
            once[kept++] = parts[i];
    must(tar_write(once, kept, out, NULL) == PN_OK);
}

static void export_again(const pn_bundle_set *set) {
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    pn_bundle_set *again = NULL;
    const pn_bundle *root = pn_bundle_set_at(set, 0);
    must(root != NULL);
    pn_status status = pn_bundle_export(&root, 1, &bytes, &err);
    must(status == PN_OK || err.number > 0);
    if (status != PN_OK)
        return;
    must(pn_bundle_import((pn_bytes){bytes.data, bytes.len}, "again", &again, &err) == PN_OK);
    must(pni_streq(pn_bundle_fingerprint(pn_bundle_set_at(again, 0)), pn_bundle_fingerprint(root)));
    pn_bundle_set_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    PNI_AUTO(pn_buf) made = PN_BUF_INIT;
    pn_error err = PN_ERROR_INIT;
    pn_bundle_set *set = NULL;
    pn_bytes file = {data, size};
    if (size && data[0] == '#') {
        make_file(data, size, &made);
        file = (pn_bytes){made.data, made.len};
    }
    pn_status status = pn_bundle_import(file, "fuzz", &set, &err);
    must(status == PN_OK || (err.number > 0 && err.message[0] && err.hint[0]));
    if (status == PN_OK)
        export_again(set);
    pn_bundle_set_free(set);
    return 0;
}
