#!/usr/bin/env python3
"""The closing line of make test: counted from the cases of all suites, whatever they are written in."""
import subprocess
import sys
import tempfile
from xml.sax.saxutils import escape

from support import ROOT, run

SKIPPED = {"notrun": '<skipped message="SKIP_RETURN_CODE=77"/>',
           "notrun-missing": '<skipped message="Unable to find executable: x"/>'}


def tally(*cases, code=0):
    """The last line and the exit code for ctest entries given as (status, output)."""
    rows = "".join(
        f'<testcase name="s{i}" status="{status.split("-")[0]}">{SKIPPED.get(status, "")}'
        f"<system-out>{escape(text)}</system-out></testcase>" for i, (status, text) in enumerate(cases))
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
        file.write(f"<testsuite>{rows}</testsuite>")
        file.flush()
        done = subprocess.run([sys.executable, str(ROOT / "tools/tally.py"), file.name, str(code)],
                              capture_output=True, text=True)
    return done.stdout.splitlines()[-1], done.returncode


def tap_cases_are_counted():
    got = tally(("run", "1..3\nok 1 - a\nok 2 - b\nok 3 - c # SKIP why\n"))
    assert got == ("2 passed, 0 failed, 1 skipped", 0), got


def a_suite_without_tap_is_one_case():
    assert tally(("run", "hello"), ("run", "1..1\nok 1 - a\n")) == ("2 passed, 0 failed", 0)
    assert tally(("fail", "boom"), code=8) == ("0 passed, 1 failed", 1)


def a_skipped_suite_is_counted():
    assert tally(("run", ""), ("notrun", "no data")) == ("1 passed, 0 failed, 1 skipped", 0)


def a_suite_that_was_not_built_fails():
    got = tally(("run", ""), ("notrun-missing", ""), ("notrun", "no data"), code=8)
    assert got == ("1 passed, 1 failed, 1 skipped", 1), got


def a_crash_after_good_cases_fails():
    got = tally(("fail", "1..3\nok 1 - a\nok 2 - b\n"), code=8)
    assert got == ("2 passed, 1 failed", 1), got
    got = tally(("fail", "1..1\nok 1 - a\n"), code=8)  # a leak report at exit
    assert got == ("1 passed, 1 failed", 1), got


def missing_cases_fail_even_when_the_exit_code_is_zero():
    assert tally(("run", "1..2\nok 1 - a\n")) == ("1 passed, 1 failed", 1)


def no_case_at_all_fails():
    assert tally()[1] == 1
    assert tally(("run", "1..0\n"))[1] == 1


def an_unreadable_result_fails():
    done = subprocess.run([sys.executable, str(ROOT / "tools/tally.py"), "/nonexistent.xml", "0"],
                          capture_output=True, text=True)
    assert done.returncode == 1


run([tap_cases_are_counted, a_suite_without_tap_is_one_case, a_skipped_suite_is_counted, a_suite_that_was_not_built_fails,
     a_crash_after_good_cases_fails, missing_cases_fail_even_when_the_exit_code_is_zero,
     no_case_at_all_fails, an_unreadable_result_fails])
