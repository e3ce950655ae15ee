/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of kept plans: what is damaged is gone, what is too much is gone, and eight processes
 * at once change nothing about either. */
#include "plan/plan_cache.h"
#include "plan_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEY_A "a000000000000000000000000000000000000000000000000000000000000001"
#define KEY_B "a000000000000000000000000000000000000000000000000000000000000002"
#define KEY_C "a000000000000000000000000000000000000000000000000000000000000003"
#define HEADER 48

static pni_plan_cache_place place_of(uint64_t limit_bytes) {
    static char dir[1024]; /* the same for all places of a case */
    pni_plan_cache_place place = {.dir = dir, .limit_bytes = limit_bytes};
    snprintf(dir, sizeof dir, "%s", fx_path("plans"));
    memset(place.build, 'b', PNI_SHA256_HEX - 1);
    return place;
}

static void put(const pni_plan_cache_place *place, const char *key, const char *text) {
    PNI_AUTO_PTR(json_t) evicted = json_array();
    FX_OK(pni_plan_cache_put(place, key, fx_bytes(text), evicted, err));
}

static const char *file_of(const char *key) {
    PNI_AUTO(pn_buf) name = PN_BUF_INIT;
    pni_buf_printf(&name, "plans/%c/%s-bbbbbbbbbbbbbbbb.plan", key[0], key);
    return fx_path(pni_buf_text(&name));
}

static void expect_bytes(const pni_plan_cache_place *place, const char *key, const char *text) {
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    FX_OK(pni_plan_cache_get(place, key, &got, err));
    T_EQ_STR(pni_buf_text(&got), text);
}

static void age(const char *key, time_t seconds) {
    struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    T_EQ_INT(utimensat(AT_FDCWD, file_of(key), times, 0), 0);
}

T_CASE(what_is_put_comes_back) {
    const pni_plan_cache_place place = place_of(1u << 20);
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    T_ASSERT(!pni_plan_cache_has(&place, KEY_A));
    FX_FAILS(pni_plan_cache_get(&place, KEY_A, &got, err), PNI_E_PLAN_CACHE_MISS, "a00000000000");
    put(&place, KEY_A, "one");
    put(&place, KEY_B, "");
    T_ASSERT(pni_plan_cache_has(&place, KEY_A));
    expect_bytes(&place, KEY_A, "one");
    expect_bytes(&place, KEY_B, "");
    put(&place, KEY_A, "two");
    expect_bytes(&place, KEY_A, "two");
    pni_plan_cache_drop(&place, KEY_A);
    pni_plan_cache_drop(&place, KEY_A);
    T_ASSERT(!pni_plan_cache_has(&place, KEY_A));
}

T_CASE(another_engine_build_misses) {
    const pni_plan_cache_place place = place_of(1u << 20);
    pni_plan_cache_place other = place_of(1u << 20);
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    put(&place, KEY_A, "one");
    memset(other.build, 'c', 16);
    FX_FAILS(pni_plan_cache_get(&other, KEY_A, &got, err), PNI_E_PLAN_CACHE_MISS, NULL);
    put(&other, KEY_A, "two");
    expect_bytes(&place, KEY_A, "one");
    expect_bytes(&other, KEY_A, "two");
}

T_CASE(every_cut_and_every_flipped_byte_is_damage) {
    const pni_plan_cache_place place = place_of(1u << 20);
    PNI_AUTO(pn_buf) whole = PN_BUF_INIT;
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    put(&place, KEY_A, "a plan");
    FX_OK(pni_file_read(file_of(KEY_A), 1000, &whole, err));
    T_EQ_UINT(whole.len, HEADER + 6);
    for (size_t i = 0; i < whole.len; i++) {
        FX_OK(pni_file_write_unsynced(file_of(KEY_A), whole.data, i, err));
        FX_FAILS(pni_plan_cache_get(&place, KEY_A, &got, err), PNI_E_PLAN_CACHE_DAMAGED, NULL);
        T_ASSERT(!pni_plan_cache_has(&place, KEY_A));
        whole.data[i] ^= 1;
        FX_OK(pni_file_write_unsynced(file_of(KEY_A), whole.data, whole.len, err));
        FX_FAILS(pni_plan_cache_get(&place, KEY_A, &got, err), PNI_E_PLAN_CACHE_DAMAGED, NULL);
        whole.data[i] ^= 1;
    }
    T_EQ_UINT(got.len, 0);
}

T_CASE(a_renamed_entry_is_damage) {
    const pni_plan_cache_place place = place_of(1u << 20);
    PNI_AUTO(pn_buf) got = PN_BUF_INIT;
    put(&place, KEY_A, "one");
    T_EQ_INT(rename(file_of(KEY_A), file_of(KEY_B)), 0);
    FX_FAILS(pni_plan_cache_get(&place, KEY_B, &got, err), PNI_E_PLAN_CACHE_DAMAGED, "other bytes");
}

T_CASE(what_was_used_least_lately_goes) {
    const pni_plan_cache_place place = place_of(16 * (2 * HEADER + 20));
    PNI_AUTO_PTR(json_t) evicted = json_array();
    put(&place, KEY_A, "aaaaaaaaaa");
    put(&place, KEY_B, "bbbbbbbbbb");
    age(KEY_A, 1000);
    age(KEY_B, 2000);
    expect_bytes(&place, KEY_A, "aaaaaaaaaa"); /* which makes it the younger one */
    FX_OK(pni_plan_cache_put(&place, KEY_C, fx_bytes("cccccccccc"), evicted, err));
    T_EQ_UINT(json_array_size(evicted), 1);
    T_EQ_STR(json_string_value(json_array_get(evicted, 0)), KEY_B);
    T_ASSERT(pni_plan_cache_has(&place, KEY_A) && pni_plan_cache_has(&place, KEY_C));
}

T_CASE(what_has_no_room_is_not_kept) {
    const pni_plan_cache_place place = place_of(16 * (HEADER + 10));
    const pni_plan_cache_place off = place_of(0);
    PNI_AUTO_PTR(json_t) evicted = json_array();
    put(&place, KEY_A, "aaaaaaaaaa");
    FX_FAILS(pni_plan_cache_put(&place, KEY_B, fx_bytes("bbbbbbbbbbb"), evicted, err),
             PNI_E_PLAN_CACHE_LIMIT, "11 bytes");
    T_ASSERT(pni_plan_cache_has(&place, KEY_A));
    T_ASSERT(pni_plan_cache_is_on(&place) && !pni_plan_cache_is_on(&off));
}

T_CASE(what_a_killed_writer_left_goes) {
    const pni_plan_cache_place place = place_of(1u << 20);
    struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    const char *old = fx_write("plans/a/.pinion-1-1.tmp", "half");
    const char *young = fx_write("plans/a/.pinion-2-1.tmp", "half");
    T_EQ_INT(utimensat(AT_FDCWD, old, times, 0), 0);
    put(&place, KEY_A, "one");
    T_ASSERT(!pni_path_exists(old) && pni_path_exists(young));
}

static uint64_t bytes_in(const char *path) {
    uint64_t total = 0;
    DIR *dir = opendir(path);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        struct stat st;
        if (entry->d_name[0] != '.' && fstatat(dirfd(dir), entry->d_name, &st, 0) == 0)
            total += (uint64_t)st.st_size;
    }
    closedir(dir);
    return total;
}

/* The exit code of a process that writes and reads the same keys as its siblings. */
static int write_and_read(const pni_plan_cache_place *place, unsigned seed) {
    char key[PNI_SHA256_HEX] = KEY_A;
    for (unsigned i = 0; i < 200; i++) {
        PNI_AUTO_PTR(json_t) evicted = json_array();
        PNI_AUTO(pn_buf) got = PN_BUF_INIT;
        snprintf(key + 60, 5, "%04u", (i * 7 + seed) % 40);
        if (pni_plan_cache_put(place, key, fx_bytes(key), evicted, NULL) != PN_OK)
            return 1;
        snprintf(key + 60, 5, "%04u", (i * 3 + seed) % 40);
        pn_status status = pni_plan_cache_get(place, key, &got, NULL);
        if (status != PN_NOT_FOUND && (status != PN_OK || !pni_streq(pni_buf_text(&got), key)))
            return 2;
    }
    return 0;
}

T_CASE(eight_processes_see_whole_entries_and_keep_the_bound) {
    const uint64_t most = 20 * (HEADER + 64);
    const pni_plan_cache_place place = place_of(16 * most);
    pid_t children[8];
    for (unsigned i = 0; i < 8; i++) {
        children[i] = fork();
        T_ASSERT(children[i] >= 0);
        if (children[i] == 0)
            _exit(write_and_read(&place, i));
    }
    for (unsigned i = 0; i < 8; i++) {
        int code = -1;
        T_EQ_INT(waitpid(children[i], &code, 0), children[i]);
        T_EQ_INT(code, 0);
    }
    uint64_t left = bytes_in(fx_path("plans/a"));
    T_ASSERT(left > 0 && left <= most);
}
