/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "t.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

T_CASE(sizes_of_zero_give_storage) {
    void *a = pni_alloc(0);
    void *b = pni_calloc(0, 8);
    a = pni_realloc(a, 0);
    T_ASSERT(a && b);
    pni_free(a);
    pni_free(b);
    pni_free(NULL);
}

T_CASE(calloc_is_zeroed) {
    unsigned char zeros[64] = {0};
    unsigned char *p = pni_calloc(8, 8);
    T_EQ_MEM(p, zeros, 64);
    pni_free(p);
}

T_CASE(strndup_ends_with_nul) {
    char *copy = pni_strndup("abcdef", 3);
    T_EQ_STR(copy, "abc");
    pni_free(copy);
    copy = pni_strndup(NULL, 0);
    T_EQ_STR(copy, "");
    pni_free(copy);
}

T_CASE(vectors_grow_and_dispose) {
    PNI_VEC(int) list = {0};
    for (int i = 0; i < 1000; i++) {
        pni_vec_push(&list, i);
    }
    T_EQ_UINT(list.count, 1000);
    T_EQ_INT(list.items[999], 999);
    pni_vec_dispose(&list);
    T_ASSERT(list.items == NULL && list.count == 0 && list.cap == 0);
}

T_CASE(take_hands_over) {
    char *owner = pni_strdup("x");
    PNI_AUTO_PTR(pni_text) taken = pni_take(owner);
    T_ASSERT(owner == NULL);
    T_EQ_STR(taken, "x");
}

T_CASE(a_failed_assertion_stops_the_process_with_one_line) {
    int ends[2];
    T_ASSERT(pipe(ends) == 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        pni_assert(1 + 1 == 3);
        _exit(0);
    }
    close(ends[1]);
    char text[256] = {0};
    ssize_t len = 0;
    for (ssize_t got; (got = read(ends[0], text + len, sizeof text - 1 - (size_t)len)) > 0;) {
        len += got;
    }
    close(ends[0]);
    int state = 0;
    waitpid(child, &state, 0);
    T_ASSERT(WIFSIGNALED(state) && WTERMSIG(state) == SIGABRT);
    T_ASSERT(pni_starts_with(text, "pinion: stopped at "));
    T_ASSERT(pni_ends_with(text, ": 1 + 1 == 3\n"));
}
