/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A POSIX tar with one form for each content: regular files only, sorted names, mode 0644, no
 * owner, time zero, two zero blocks at the end. The reader makes from name and size the header that
 * the writer would have made and compares it byte by byte, so there is nothing else to be careful
 * about: whatever is read here would be written the same. Any tar program can list and unpack it.
 */
#include "archive/archive_priv.h"

enum { BLOCK = 512, SIZE_AT = 124, SUM_AT = 148 };
enum { MAGIC_AT = 257 };
#define MAGIC "ustar"   /* with its NUL */
enum { NAME_LEN = 99 }; /* its NUL is in the field, so that a name is a C text in place */

static void put_octal(uint8_t *field, size_t digits, uint64_t value) {
    for (size_t i = digits; i-- > 0; value >>= 3)
        field[i] = (uint8_t)('0' + (value & 7));
}

static void make_header(uint8_t header[BLOCK], const char *name, size_t name_len, uint64_t size) {
    unsigned sum = 0;
    memset(header, 0, BLOCK);
    memcpy(header, name, name_len);
    put_octal(header + 100, 7, 0644);
    put_octal(header + 108, 7, 0); /* owner */
    put_octal(header + 116, 7, 0); /* group */
    put_octal(header + SIZE_AT, 11, size);
    put_octal(header + 136, 11, 0); /* time */
    memset(header + SUM_AT, ' ', 8);
    header[156] = '0';
    memcpy(header + MAGIC_AT, MAGIC, sizeof MAGIC);
    memcpy(header + 263, "00", 2);
    put_octal(header + 329, 7, 0); /* device numbers */
    put_octal(header + 337, 7, 0);
    for (size_t i = 0; i < BLOCK; i++)
        sum += header[i];
    put_octal(header + SUM_AT, 6, sum);
    header[SUM_AT + 6] = '\0';
}

static size_t padding(size_t size) {
    return (BLOCK - size % BLOCK) % BLOCK;
}

/* Lower-case path characters, no empty, "." or ".." part. */
static bool is_part_name(const char *name, size_t len) {
    size_t start = 0;
    if (!len || len > NAME_LEN)
        return false;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && name[i] != '/') {
            bool is_plain = (name[i] >= 'a' && name[i] <= 'z') ||
                            (name[i] >= '0' && name[i] <= '9') || strchr("_.-", name[i]);
            if (!name[i] || !is_plain)
                return false;
            continue;
        }
        if (i == start || name[start] == '.')
            return false;
        start = i + 1;
    }
    return true;
}

static pn_status check_size(const char *name, size_t size, pn_error *err) {
    if (size > PNI_BUNDLE_PART_MAX_BYTES)
        return pni_fail(err, PNI_E_BUNDLE_LIMIT, "part '%s' has %zu bytes, more than %u", name,
                        size, PNI_BUNDLE_PART_MAX_BYTES);
    return PN_OK;
}

pn_status tar_write(const tar_part *parts, size_t count, pn_buf *out, pn_error *err) {
    static const uint8_t zeros[2 * BLOCK];
    uint8_t header[BLOCK];
    size_t total = sizeof zeros;
    for (size_t i = 0; i < count; i++) {
        pni_assert(is_part_name(parts[i].name, strlen(parts[i].name)));
        pni_assert(i == 0 || strcmp(parts[i - 1].name, parts[i].name) < 0);
        PNI_TRY(check_size(parts[i].name, parts[i].data.len, err));
        total += BLOCK + parts[i].data.len + padding(parts[i].data.len);
        if (total > PNI_BUNDLE_FILE_MAX_BYTES || i >= PNI_BUNDLE_PARTS_MAX)
            return pni_fail(err, PNI_E_BUNDLE_LIMIT,
                            "the bundle file would have more than %u bytes or %u parts",
                            PNI_BUNDLE_FILE_MAX_BYTES, PNI_BUNDLE_PARTS_MAX);
    }
    pni_buf_reserve(out, total);
    for (size_t i = 0; i < count; i++) {
        make_header(header, parts[i].name, strlen(parts[i].name), parts[i].data.len);
        pni_buf_append(out, header, sizeof header);
        pni_buf_append(out, parts[i].data.data, parts[i].data.len);
        pni_buf_append(out, zeros, padding(parts[i].data.len));
    }
    pni_buf_append(out, zeros, sizeof zeros);
    return PN_OK;
}

static bool all_zero(const uint8_t *data, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (data[i])
            return false;
    return true;
}

/* The size a header states; false when the field is no octal number. */
static bool read_size(const uint8_t *header, uint64_t *size_out) {
    uint64_t size = 0;
    for (size_t i = SIZE_AT; i < SIZE_AT + 11; i++) {
        if (header[i] < '0' || header[i] > '7')
            return false;
        size = size << 3 | (uint64_t)(header[i] - '0');
    }
    *size_out = size;
    return true;
}

static pn_status malformed(pn_error *err, const char *what, size_t at, const char *why) {
    return pni_fail(err, PNI_E_BUNDLE_FILE, "'%s' is no whole bundle file: %s at byte %zu", what,
                    why, at);
}

static pn_status read_part(pn_bytes bytes, size_t *at, const char *what, tar_part *out,
                           pn_error *err) {
    const uint8_t *header = bytes.data + *at;
    uint8_t expected[BLOCK];
    uint64_t size;
    const char *name = (const char *)header;
    size_t len = strnlen(name, NAME_LEN + 1);
    if (!is_part_name(name, len) || !read_size(header, &size))
        return malformed(err, what, *at, "the header of a part is wrong");
    make_header(expected, name, len, size);
    if (memcmp(header, expected, BLOCK) != 0)
        return malformed(err, what, *at, "the header of a part is wrong");
    PNI_TRY(check_size(name, (size_t)size, err));
    *at += BLOCK;
    if (size > bytes.len - *at || padding((size_t)size) > bytes.len - *at - (size_t)size)
        return malformed(err, what, bytes.len, "it ends inside a part");
    *out = (tar_part){name, {bytes.data + *at, (size_t)size}};
    *at += (size_t)size;
    if (!all_zero(bytes.data + *at, padding((size_t)size)))
        return malformed(err, what, *at, "padding is not zero");
    *at += padding((size_t)size);
    return PN_OK;
}

static pn_status check_limits(pn_bytes bytes, const char *what, pn_error *err) {
    if (bytes.len > PNI_BUNDLE_FILE_MAX_BYTES)
        return pni_fail(err, PNI_E_BUNDLE_LIMIT, "'%s' has %zu bytes, more than %u", what,
                        bytes.len, PNI_BUNDLE_FILE_MAX_BYTES);
    if (bytes.len < BLOCK || memcmp(bytes.data + MAGIC_AT, MAGIC, sizeof MAGIC) != 0)
        return pni_fail(err, PNI_E_BUNDLE_FILE, "'%s' is no bundle file", what);
    if (bytes.len < 3 * (size_t)BLOCK || bytes.len % BLOCK)
        return malformed(err, what, bytes.len, "its length is wrong");
    return PN_OK;
}

pn_status tar_read(pn_bytes bytes, const char *what, tar_part **parts_out, size_t *count_out,
                   pn_error *err) {
    PNI_VEC(tar_part) parts = {0};
    size_t at = 0;
    PNI_TRY(check_limits(bytes, what, err));
    size_t end = bytes.len - 2 * (size_t)BLOCK;
    pn_status status = all_zero(bytes.data + end, 2 * (size_t)BLOCK)
                           ? PN_OK
                           : malformed(err, what, end, "its end is missing");
    pn_bytes body = {bytes.data, end};
    while (status == PN_OK && at < end) {
        tar_part part;
        status = read_part(body, &at, what, &part, err);
        if (status != PN_OK)
            break;
        if (parts.count && strcmp(parts.items[parts.count - 1].name, part.name) >= 0)
            status = malformed(err, what, at, "parts are not sorted");
        else if (parts.count >= PNI_BUNDLE_PARTS_MAX)
            status = pni_fail(err, PNI_E_BUNDLE_LIMIT, "'%s' has more than %u parts", what,
                              PNI_BUNDLE_PARTS_MAX);
        pni_vec_push(&parts, part);
    }
    if (status != PN_OK) {
        pni_vec_dispose(&parts);
        return status;
    }
    *parts_out = parts.items;
    *count_out = parts.count;
    return PN_OK;
}
