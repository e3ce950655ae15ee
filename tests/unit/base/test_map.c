/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "t.h"

#include <stdio.h>

T_CASE(empty_map_has_nothing) {
    PNI_AUTO_PTR(pni_map) map = pni_map_new();
    T_EQ_UINT(pni_map_count(map), 0);
    T_ASSERT(!pni_map_get(map, "a") && !pni_map_has(map, "a"));
    T_ASSERT(!pni_map_key_at(map, 0) && !pni_map_value_at(map, 0));
    const char **keys = pni_map_sorted_keys(map);
    T_ASSERT(keys != NULL);
    pni_free(keys);
    pni_map_free(NULL);
}

T_CASE(insertion_order_is_kept_through_growth) {
    PNI_AUTO_PTR(pni_map) map = pni_map_new();
    static int values[5000];
    char key[16];
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof key, "k%d", i * 7919 % 5000);
        pni_map_put(map, key, &values[i]);
    }
    T_EQ_UINT(pni_map_count(map), 5000);
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof key, "k%d", i * 7919 % 5000);
        T_EQ_STR(pni_map_key_at(map, (size_t)i), key);
        T_ASSERT(pni_map_value_at(map, (size_t)i) == &values[i]);
        T_ASSERT(pni_map_get(map, key) == &values[i]);
    }
}

T_CASE(put_replaces_in_place) {
    PNI_AUTO_PTR(pni_map) map = pni_map_new();
    int a;
    int b;
    pni_map_put(map, "x", &a);
    pni_map_put(map, "y", &a);
    pni_map_put(map, "x", &b);
    T_EQ_UINT(pni_map_count(map), 2);
    T_EQ_STR(pni_map_key_at(map, 0), "x");
    T_ASSERT(pni_map_get(map, "x") == &b);
}

T_CASE(a_null_value_is_a_value) {
    PNI_AUTO_PTR(pni_map) map = pni_map_new();
    pni_map_put(map, "set", NULL);
    T_ASSERT(pni_map_has(map, "set") && !pni_map_get(map, "set"));
}

T_CASE(keys_are_copied) {
    PNI_AUTO_PTR(pni_map) map = pni_map_new();
    char key[] = "before";
    pni_map_put(map, key, map);
    key[0] = 'X';
    T_ASSERT(pni_map_has(map, "before"));
}

T_CASE(sorted_keys_are_bytewise) {
    PNI_AUTO_PTR(pni_map) map = pni_map_new();
    pni_map_put(map, "b", NULL);
    pni_map_put(map, "a", NULL);
    pni_map_put(map, "B", NULL);
    const char **keys = pni_map_sorted_keys(map);
    T_EQ_STR(keys[0], "B");
    T_EQ_STR(keys[1], "a");
    T_EQ_STR(keys[2], "b");
    pni_free(keys);
}
