#!/usr/bin/env python3
"""The C harness itself: what passes, fails, skips, leaks and crashes must be told apart."""
import os
import pathlib
import subprocess
import tempfile

from support import ROOT, run

SAMPLE = r"""
#include "t.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int64_t handles;
static int64_t live(void) { return handles; }
struct story { char message[16]; char detail[16]; };
T_CASE(a_passes) { t_live_handles = live; T_ASSERT(1 + 1 == 2); T_EQ_STR("x", "x"); }
T_CASE(b_fails) { T_EQ_INT(2 + 2, 5); }
T_CASE(c_skips) { T_SKIP("no such thing here"); }
T_CASE(d_leaks) { handles++; }
T_CASE(e_status) { struct story s = {"why", "more"}; T_OK(3, &s); }
T_CASE(f_tmpdir) {
    char path[4200];
    snprintf(path, sizeof path, "%s/file", t_tmpdir());
    FILE *file = fopen(path, "w");
    T_ASSERT(file);
    fclose(file);
    printf("# tmp %s\n", t_tmpdir());
}
T_CASE(g_data) { t_external_data("absent"); }
T_CASE(h_memory) { T_EQ_MEM("abc", "abd", 3); }
static void *threads_part(void *ctx) { T_ASSERT(ctx); return NULL; }
T_CASE(i_thread) {
    pthread_t thread;
    T_EQ_INT(pthread_create(&thread, NULL, threads_part, NULL), 0);
    pthread_join(thread, NULL);
}
T_CASE(j_passes) { T_ASSERT(true); }
T_CASE(z_crashes) { if (getenv("CRASH")) { abort(); } }
"""


class Built:
    binary = None
    folder = tempfile.TemporaryDirectory()


def build():
    source = pathlib.Path(Built.folder.name) / "test_sample.c"
    source.write_text(SAMPLE)
    Built.binary = str(source.with_suffix(""))
    support = ROOT / "tests/support"
    subprocess.run([os.environ.get("CC", "cc"), "-std=gnu17", f"-I{support}", str(source),
                    *map(str, sorted(support.glob("t*.c"))), '-DT_DEFAULT_SOURCE_DIR="/nowhere"',
                    "-pthread", "-o", Built.binary], check=True)


def call(*arguments, **variables):
    environment = {k: v for k, v in os.environ.items() if k not in ("PN_EXTERNAL_DATA", "CRASH")}
    return subprocess.run([Built.binary, *arguments], capture_output=True, text=True,
                          env={**environment, **variables})


def outcomes_are_told_apart():
    result = call()
    lines = result.stdout.splitlines()
    assert result.returncode == 1, result
    assert lines[0] == "1..11", lines
    assert "ok 1 - sample::a_passes" in lines
    assert "not ok 2 - sample::b_fails" in lines
    assert "ok 3 - sample::c_skips # SKIP no such thing here" in lines
    assert "not ok 4 - sample::d_leaks" in lines and "# 1 engine handles leaked" in lines
    assert "not ok 5 - sample::e_status" in lines and "#   why" in lines
    assert "ok 6 - sample::f_tmpdir" in lines
    assert any(l.startswith("ok 7 - sample::g_data # SKIP no external data") for l in lines)
    assert "not ok 8 - sample::h_memory" in lines
    assert "not ok 9 - sample::i_thread" in lines and "ok 10 - sample::j_passes" in lines


def failures_name_place_and_values():
    assert "test_sample.c:11: 2 + 2 is 4, want 5" in call().stdout


def temporary_folders_are_removed():
    made = [l.split()[2] for l in call().stdout.splitlines() if l.startswith("# tmp ")]
    assert made and not os.path.exists(made[0])


def one_case_or_one_file_can_be_chosen():
    assert call("-s", "sample::a_passes").stdout.splitlines()[0] == "1..1"
    assert call("-s", "sample").stdout.splitlines()[0] == "1..11"
    assert call("-s", "sample::nothing").returncode == 2
    assert call("-x").returncode == 2
    assert call("-l").stdout.splitlines()[0] == "sample::a_passes"


def external_data_is_found_by_variable():
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "absent").touch()
        assert call("-s", "sample::g_data", PN_EXTERNAL_DATA=folder).stdout.endswith("sample::g_data\n")


def a_crash_is_a_failure_in_the_tally():
    result = call(CRASH="1")
    assert result.returncode < 0 and "sample::z_crashes" not in result.stdout


build()
run([outcomes_are_told_apart, failures_name_place_and_values, temporary_folders_are_removed,
     one_case_or_one_file_can_be_chosen, external_data_is_found_by_variable,
     a_crash_is_a_failure_in_the_tally])
