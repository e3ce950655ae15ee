/* The tar: other programs read it, ours reads nothing but it. */
#include "archive_fixture.h"

#include <stdio.h>

static const tar_part two[] = {{"a/b.json", {(const uint8_t *)"{}", 2}},
                               {"c", {(const uint8_t *)"", 0}}};

T_CASE(parts_come_back) {
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    tar_part *parts;
    size_t count;
    FX_OK(tar_write(two, 2, &bytes, err));
    T_EQ_UINT(bytes.len, 512 * 5); /* two headers, one block of data, the end */
    FX_OK(tar_read(ar_bytes(&bytes), "x", &parts, &count, err));
    T_EQ_UINT(count, 2);
    T_EQ_STR(parts[0].name, "a/b.json");
    T_EQ_UINT(parts[0].data.len, 2);
    T_EQ_MEM(parts[0].data.data, "{}", 2);
    T_EQ_UINT(parts[1].data.len, 0);
    pni_free(parts);
}

/* What `tar tf` says, as text. */
T_CASE(the_system_tar_lists_it) {
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    char command[2048], said[256] = "";
    FX_OK(tar_write(two, 2, &bytes, err));
    const char *path = fx_write_bytes("x.pnb", bytes.data, bytes.len);
    snprintf(command, sizeof command, "tar tvf '%s' --full-time --utc 2>&1", path);
    FILE *tar = popen(command, "r");
    T_ASSERT(tar != NULL);
    size_t got = fread(said, 1, sizeof said - 1, tar);
    said[got] = '\0';
    T_EQ_INT(pclose(tar), 0);
    T_ASSERT(strstr(said, "-rw-r--r-- 0/0") && strstr(said, "1970-01-01 00:00:00 a/b.json"));
}

static void expect_refused(size_t at, uint8_t value) {
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    tar_part *parts;
    size_t count;
    FX_OK(tar_write(two, 2, &bytes, err));
    bytes.data[at] = value;
    FX_FAILS(tar_read(ar_bytes(&bytes), "x.pnb", &parts, &count, err), PNI_E_BUNDLE_FILE, "x.pnb");
}

T_CASE(other_headers_are_refused) {
    expect_refused(0, '/');          /* an absolute name */
    expect_refused(0, '.');          /* a hidden one */
    expect_refused(0, 'A');          /* capitals */
    expect_refused(1, '\0');         /* a rest behind the name */
    expect_refused(156, '2');        /* a link */
    expect_refused(156, '5');        /* a folder */
    expect_refused(140, '1');        /* a time */
    expect_refused(154, 'x');        /* a wrong sum */
    expect_refused(130, '7');        /* longer than the file */
    expect_refused(124, '9');        /* no octal number */
    expect_refused(512 + 2, 'x');    /* padding */
    expect_refused(512 * 4, 'x');    /* the end */
    expect_refused(512 * 2, '\x01'); /* the second name */
}

T_CASE(a_file_of_another_kind_is_said_to_be_none) {
    static const uint8_t csv[2048] = "a,b\n1,2\n";
    tar_part *parts;
    size_t count;
    FX_FAILS(tar_read((pn_bytes){csv, 8}, "x.csv", &parts, &count, err), PNI_E_BUNDLE_FILE,
             "'x.csv' is no bundle file");
    FX_FAILS(tar_read((pn_bytes){csv, sizeof csv}, "x.csv", &parts, &count, err), PNI_E_BUNDLE_FILE,
             "'x.csv' is no bundle file");
}

T_CASE(order_and_repetition_are_refused) {
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    PNI_AUTO(pn_buf) twice = PN_BUF_INIT;
    tar_part *parts;
    size_t count;
    FX_OK(tar_write(two + 1, 1, &bytes, err));
    pni_buf_append(&twice, bytes.data, 512);
    pni_buf_append(&twice, bytes.data, bytes.len);
    FX_FAILS(tar_read(ar_bytes(&twice), "x.pnb", &parts, &count, err), PNI_E_BUNDLE_FILE, "sorted");
}

T_CASE(a_part_that_is_too_large_is_not_written) {
    PNI_AUTO(pn_buf) bytes = PN_BUF_INIT;
    tar_part large = {"large", {two[0].data.data, PNI_BUNDLE_PART_MAX_BYTES + 1}};
    FX_FAILS(tar_write(&large, 1, &bytes, err), PNI_E_BUNDLE_LIMIT, "large");
}
