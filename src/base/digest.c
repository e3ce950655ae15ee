/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 by OpenSSL. The algorithm object is fetched once per process: fetching it per digest
 * costs more than hashing a short text. OpenSSL fails here only without memory or without SHA-256,
 * and both end the process.
 */
#include "base/base.h"

#include <openssl/evp.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

struct pni_sha256 {
    EVP_MD_CTX *ctx;
};

static EVP_MD *algorithm;
static pthread_once_t algorithm_once = PTHREAD_ONCE_INIT;

static void fetch_algorithm(void) {
    algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    pni_assert(algorithm != NULL);
}

pni_sha256 *pni_sha256_new(void) {
    pni_assert(pthread_once(&algorithm_once, fetch_algorithm) == 0);
    pni_sha256 *sha = pni_alloc(sizeof *sha);
    sha->ctx = EVP_MD_CTX_new();
    pni_assert(sha->ctx && EVP_DigestInit_ex2(sha->ctx, algorithm, NULL) == 1);
    return sha;
}

void pni_sha256_update(pni_sha256 *sha, const void *data, size_t len) {
    pni_assert(len == 0 || EVP_DigestUpdate(sha->ctx, data, len) == 1);
}

void pni_hex(const unsigned char *bytes, size_t len, char *out) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

static void final_bytes(pni_sha256 *sha, unsigned char out[PNI_SHA256_LEN]) {
    pni_assert(EVP_DigestFinal_ex(sha->ctx, out, NULL) == 1);
    EVP_MD_CTX_free(sha->ctx);
    pni_free(sha);
}

void pni_sha256_final_hex(pni_sha256 *sha, char hex_out[PNI_SHA256_HEX]) {
    unsigned char bytes[PNI_SHA256_LEN];
    final_bytes(sha, bytes);
    pni_hex(bytes, sizeof bytes, hex_out);
}

void pni_sha256_bytes(const void *data, size_t len, unsigned char out[PNI_SHA256_LEN]) {
    pni_sha256 *sha = pni_sha256_new();
    pni_sha256_update(sha, data, len);
    final_bytes(sha, out);
}

void pni_sha256_hex(const void *data, size_t len, char hex_out[PNI_SHA256_HEX]) {
    pni_sha256 *sha = pni_sha256_new();
    pni_sha256_update(sha, data, len);
    pni_sha256_final_hex(sha, hex_out);
}

pn_status pni_sha256_file(const char *path, char hex_out[PNI_SHA256_HEX], uint64_t *size_out,
                          pn_error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return pni_fail_os(
            err, errno == ENOENT || errno == ENOTDIR ? PNI_E_FILE_MISSING : PNI_E_FILE_READ, errno,
            "opening '%s'", path);
    }
    const size_t step = 256 * 1024;
    unsigned char *block = pni_alloc(step);
    pni_sha256 *sha = pni_sha256_new();
    uint64_t size = 0;
    ssize_t got;
    while ((got = read(fd, block, step)) != 0) {
        if (got < 0 && errno != EINTR) {
            break;
        }
        if (got > 0) {
            pni_sha256_update(sha, block, (size_t)got);
            size += (uint64_t)got;
        }
    }
    int os_errno = got < 0 ? errno : 0;
    char hex[PNI_SHA256_HEX];
    pni_sha256_final_hex(sha, hex);
    pni_free(block);
    close(fd);
    if (os_errno) {
        return pni_fail_os(err, PNI_E_FILE_READ, os_errno, "reading '%s'", path);
    }
    memcpy(hex_out, hex, sizeof hex);
    if (size_out) {
        *size_out = size;
    }
    return PN_OK;
}
