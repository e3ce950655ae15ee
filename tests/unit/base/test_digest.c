/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors: FIPS 180-2, appendix B. */
#include "t.h"

#include "base/base.h"

static const char empty_hex[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char abc_hex[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char million_hex[] =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

T_CASE(known_vectors) {
    char hex[PNI_SHA256_HEX];
    pni_sha256_hex(NULL, 0, hex);
    T_EQ_STR(hex, empty_hex);
    pni_sha256_hex("abc", 3, hex);
    T_EQ_STR(hex, abc_hex);
    pni_sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hex);
    T_EQ_STR(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

T_CASE(pieces_give_the_digest_of_the_whole) {
    char hex[PNI_SHA256_HEX];
    pni_sha256 *sha = pni_sha256_new();
    char block[1000];
    memset(block, 'a', sizeof block);
    for (int i = 0; i < 1000; i++) {
        pni_sha256_update(sha, block, sizeof block);
    }
    pni_sha256_update(sha, NULL, 0);
    pni_sha256_final_hex(sha, hex);
    T_EQ_STR(hex, million_hex);
}

T_CASE(files_are_hashed_with_their_size) {
    pn_error err = PN_ERROR_INIT;
    PNI_AUTO_PTR(pni_text) path = pni_path_join(t_tmpdir(), "a");
    char *data = pni_alloc(1000000);
    memset(data, 'a', 1000000);
    T_OK(pni_file_write(path, data, 1000000, &err), &err);
    pni_free(data);
    char hex[PNI_SHA256_HEX];
    uint64_t size = 0;
    T_OK(pni_sha256_file(path, hex, &size, &err), &err);
    T_EQ_STR(hex, million_hex);
    T_EQ_UINT(size, 1000000);
    T_OK(pni_sha256_file(path, hex, NULL, &err), &err);
}

T_CASE(missing_files_and_folders_are_named) {
    pn_error err = PN_ERROR_INIT;
    char hex[PNI_SHA256_HEX] = "untouched";
    PNI_AUTO_PTR(pni_text) path = pni_path_join(t_tmpdir(), "none");
    T_STATUS(pni_sha256_file(path, hex, NULL, &err), PN_NOT_FOUND, &err);
    T_ASSERT(strstr(err.message, "none'"));
    T_STATUS(pni_sha256_file(t_tmpdir(), hex, NULL, &err), PN_IO, &err);
    T_EQ_STR(hex, "untouched");
}
