/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "t.h"

#include <stdlib.h>
#include <unistd.h>

static void expect(char *got, const char *want) {
    T_EQ_STR(got, want);
    pni_free(got);
}

T_CASE(joining) {
    expect(pni_path_join("a", "b"), "a/b");
    expect(pni_path_join("a/", "b"), "a/b");
    expect(pni_path_join("", "b"), "b");
    expect(pni_path_join("a", ""), "a");
    expect(pni_path_join("/", "b"), "/b");
    expect(pni_path_join("a", "/b"), "/b");
}

T_CASE(absolute_paths_are_folded) {
    expect(pni_path_absolute("/a/./b/../c//d/"), "/a/c/d");
    expect(pni_path_absolute("/"), "/");
    expect(pni_path_absolute("/../.."), "/");
    expect(pni_path_absolute("/a/.."), "/");
    expect(pni_path_absolute("/..a/...b"), "/..a/...b");
    char *cwd = getcwd(NULL, 0);
    T_ASSERT(cwd != NULL);
    PNI_AUTO_PTR(pni_text) want = pni_path_join(cwd, "x");
    expect(pni_path_absolute("y/../x"), want);
    expect(pni_path_absolute("."), cwd);
    expect(pni_path_absolute(""), cwd);
    free(cwd);
}

T_CASE(base_and_folder) {
    T_EQ_STR(pni_path_base("/a/b.c"), "b.c");
    T_EQ_STR(pni_path_base("b"), "b");
    expect(pni_path_dir("/a/b"), "/a");
    expect(pni_path_dir("/a"), "/");
    expect(pni_path_dir("a//b"), "a");
    expect(pni_path_dir("//b"), "/");
    expect(pni_path_dir("a"), ".");
}

static char *saved(const char *name) {
    const char *value = getenv(name);
    return value ? pni_strdup(value) : NULL;
}

static void restore(const char *name, char *value) {
    if (value) {
        setenv(name, value, 1);
        pni_free(value);
    } else {
        unsetenv(name);
    }
}

T_CASE(cache_folders_are_made_where_xdg_says) {
    pn_error err = PN_ERROR_INIT;
    char *xdg = saved("XDG_CACHE_HOME");
    char *home = saved("HOME");
    char *first = NULL;
    char *second = NULL;
    setenv("XDG_CACHE_HOME", t_tmpdir(), 1);
    pn_status first_status = pni_cache_dir("engine", &first, &err);
    setenv("XDG_CACHE_HOME", "relative", 1);
    setenv("HOME", t_tmpdir(), 1);
    pn_status second_status = pni_cache_dir(NULL, &second, &err);
    unsetenv("HOME");
    char *third = NULL;
    pn_error no_home = PN_ERROR_INIT;
    pn_status third_status = pni_cache_dir(NULL, &third, &no_home);
    restore("XDG_CACHE_HOME", xdg);
    restore("HOME", home);
    T_OK(first_status, &err);
    T_OK(second_status, &err);
    T_STATUS(third_status, PN_IO, &no_home);
    T_ASSERT(pni_ends_with(first, "/pinion/engine") && pni_path_is_dir(first));
    T_ASSERT(pni_ends_with(second, "/.cache/pinion") && pni_path_is_dir(second));
    pni_free(first);
    pni_free(second);
}
