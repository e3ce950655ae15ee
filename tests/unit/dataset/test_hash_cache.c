/* Kept digests: used while a file's metadata is the same, never when the file is too young to tell,
 * never trusted blindly. */
#include "dataset/dataset.h"
#include "support/core_fixture.h"

#include <inttypes.h>
#include <sys/stat.h>

static const char root[] = "/some/root";

/* A file of the project, hence more than two seconds old. */
static const char *old_file(void) {
    static char path[1024];
    snprintf(path, sizeof path, "%s/LICENSE", t_source_dir());
    if (!pni_path_exists(path))
        T_SKIP("the sources are not here (T_SOURCE_DIR)");
    return path;
}

static void use_cache_dir(const char *dir) {
    setenv("XDG_CACHE_HOME", dir, 1);
}

/* Where the cache of `root` lies. */
static const char *cache_file(void) {
    static char path[1024];
    char hex[PNI_SHA256_HEX];
    pni_sha256_hex(root, strlen(root), hex);
    snprintf(path, sizeof path, "%s/cache/pinion/hashes/%.32s", t_tmpdir(), hex);
    return path;
}

static pn_status digest(const char *path, char hex[PNI_SHA256_HEX], pn_error *err) {
    struct stat st;
    T_EQ_INT(stat(path, &st), 0);
    pni_hash_cache *cache = pni_hash_cache_open(root);
    pn_status status = pni_hash_cache_digest(cache, path, &st, hex, err);
    pni_hash_cache_close(cache);
    return status;
}

static char *cache_text(void) {
    pn_buf text = PN_BUF_INIT;
    if (pni_path_exists(cache_file()))
        FX_OK(pni_file_read(cache_file(), 1 << 20, &text, err));
    return pni_buf_steal(&text);
}

static void true_digest(const char *path, char hex[PNI_SHA256_HEX]) {
    uint64_t size;
    FX_OK(pni_sha256_file(path, hex, &size, err));
}

T_CASE(a_kept_digest_is_used) {
    char real[PNI_SHA256_HEX], got[PNI_SHA256_HEX];
    use_cache_dir(fx_path("cache"));
    true_digest(old_file(), real);
    FX_OK(digest(old_file(), got, err));
    T_EQ_STR(got, real);
    PNI_AUTO_PTR(pni_text) text = cache_text();
    T_ASSERT(pni_starts_with(text, real));
    memset(text, '0', 64); /* what a digest that was kept, and not made again, looks like */
    FX_OK(pni_file_write(cache_file(), text, strlen(text), err));
    FX_OK(digest(old_file(), got, err));
    T_ASSERT(!pni_streq(got, real) && pni_starts_with(got, "0000"));
    use_cache_dir("/dev/null/none");
}

T_CASE(any_difference_in_metadata_makes_the_digest_again) {
    struct stat st;
    char real[PNI_SHA256_HEX], got[PNI_SHA256_HEX];
    use_cache_dir(fx_path("cache"));
    true_digest(old_file(), real);
    T_EQ_INT(stat(old_file(), &st), 0);
    for (int field = 0; field < 5; field++) {
        int64_t values[] = {(int64_t)st.st_dev, (int64_t)st.st_ino, (int64_t)st.st_size,
                            (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
                            (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec};
        PNI_AUTO(pn_buf) line = PN_BUF_INIT;
        values[field] += 1;
        pni_buf_printf(&line, "%064d", 0);
        for (int i = 0; i < 5; i++)
            pni_buf_printf(&line, " %" PRId64, values[i]);
        pni_buf_printf(&line, " %s\n", old_file());
        PNI_AUTO_PTR(pni_text) dir = pni_path_dir(cache_file());
        FX_OK(pni_mkdirs(dir, err));
        FX_OK(pni_file_write(cache_file(), line.data, line.len, err));
        FX_OK(digest(old_file(), got, err));
        T_EQ_STR(got, real);
    }
    use_cache_dir("/dev/null/none");
}

T_CASE(a_young_file_is_not_kept) {
    char got[PNI_SHA256_HEX];
    use_cache_dir(fx_path("cache"));
    const char *path = fx_write("young.csv", "1");
    FX_OK(digest(path, got, err));
    PNI_AUTO_PTR(pni_text) text = cache_text();
    T_EQ_STR(text, "");
    fx_write("young.csv", "2"); /* the same size, perhaps the same times */
    char again[PNI_SHA256_HEX];
    FX_OK(digest(path, again, err));
    T_ASSERT(!pni_streq(got, again));
    use_cache_dir("/dev/null/none");
}

T_CASE(a_file_that_changes_while_it_is_read_is_named) {
    struct stat st;
    char got[PNI_SHA256_HEX];
    const char *path = fx_write("x.csv", "12345");
    T_EQ_INT(stat(path, &st), 0);
    pni_hash_cache *cache = pni_hash_cache_open(root);
    fx_write("x.csv", "123"); /* between the look and the reading */
    FX_FAILS(pni_hash_cache_digest(cache, path, &st, got, err), PNI_E_DATASET_CHANGING, "x.csv");
    T_EQ_INT(stat(path, &st), 0);
    fx_write("x.csv", "321"); /* the same size */
    FX_FAILS(pni_hash_cache_digest(cache, path, &st, got, err), PNI_E_DATASET_CHANGING, "x.csv");
    pni_hash_cache_close(cache);
}

T_CASE(a_damaged_cache_costs_time_and_nothing_else) {
    static const char *const texts[] = {
        "",
        "\n\n",
        "garbage\n",
        "00 1 2 3 4 5 /x\n",
        "zz",
        "\xff\xfe\n",
        "0000000000000000000000000000000000000000000000000000000000000000 1 2 3 4 5"};
    char real[PNI_SHA256_HEX], got[PNI_SHA256_HEX];
    use_cache_dir(fx_path("cache"));
    true_digest(old_file(), real);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        PNI_AUTO_PTR(pni_text) dir = pni_path_dir(cache_file());
        FX_OK(pni_mkdirs(dir, err));
        FX_OK(pni_file_write(cache_file(), texts[i], strlen(texts[i]), err));
        FX_OK(digest(old_file(), got, err));
        T_EQ_STR(got, real);
    }
    use_cache_dir("/dev/null/none"); /* no cache folder at all */
    FX_OK(digest(old_file(), got, err));
    T_EQ_STR(got, real);
    pni_hash_cache_close(NULL);
}

T_CASE(what_is_gone_is_forgotten_and_what_is_there_is_kept) {
    PNI_AUTO(pn_buf) text = PN_BUF_INIT;
    char got[PNI_SHA256_HEX];
    use_cache_dir(fx_path("cache"));
    const char *there = fx_write("there.csv", "1");
    pni_buf_printf(&text, "%064d 1 2 3 4 5 %s\n%064d 1 2 3 4 5 /gone/file.csv\n", 0, there, 0);
    PNI_AUTO_PTR(pni_text) dir = pni_path_dir(cache_file());
    FX_OK(pni_mkdirs(dir, err));
    FX_OK(pni_file_write(cache_file(), text.data, text.len, err));
    FX_OK(digest(old_file(), got, err));
    PNI_AUTO_PTR(pni_text) after = cache_text();
    T_ASSERT(strstr(after, "there.csv") && strstr(after, "LICENSE") && !strstr(after, "/gone/"));
    use_cache_dir("/dev/null/none");
}
