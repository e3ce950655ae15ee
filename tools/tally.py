#!/usr/bin/env python3
"""Counts the cases of all suites in a ctest JUnit file and prints the closing line.

A suite that speaks TAP counts by its TAP lines; any other counts as one case by its exit status. A
suite whose process failed although no TAP line says so (a crash, a missing line) adds one failure.
"""
import re
import sys
import xml.etree.ElementTree as ET

TAP_LINE = re.compile(r"^(not )?ok\b(?:\s+\d+)?(?:\s+-)?\s*(.*?)(?:\s*# SKIP\b\s*(.*))?$", re.I)
TAP_PLAN = re.compile(r"^1\.\.(\d+)", re.M)


def tap_counts(text):
    """(passed, failed, skipped, reasons) of the TAP lines in `text`, or None when it is no TAP."""
    plan = TAP_PLAN.search(text)
    if not plan:
        return None
    passed = failed = skipped = 0
    reasons = []
    for line in text.splitlines():
        match = TAP_LINE.match(line)
        if not match:
            continue
        if match.group(3) is not None:
            skipped += 1
            reasons.append(f"{match.group(2)}: {match.group(3)}")
        elif match.group(1):
            failed += 1
        else:
            passed += 1
    if passed + failed + skipped < int(plan.group(1)):
        failed += 1
    return passed, failed, skipped, reasons


def suite_counts(case):
    """The same for one ctest entry."""
    status = case.get("status", "")
    text = case.findtext("system-out") or ""
    crashed = status not in ("run", "notrun", "disabled")
    counts = tap_counts(text)
    if counts is None:
        skip = case.find("skipped")
        if skip is not None and skip.get("message", "").startswith("SKIP_"):
            why = text.strip().splitlines()
            return 0, 0, 1, [f"{case.get('name')}: {why[-1] if why else 'no reason given'}"]
        return (0, 1, 0, []) if crashed or skip is not None else (1, 0, 0, [])
    passed, failed, skipped, reasons = counts
    return passed, failed + (1 if crashed and failed == 0 else 0), skipped, reasons


def main():
    path, ctest_code = sys.argv[1], int(sys.argv[2])
    try:
        cases = ET.parse(path).getroot().findall("testcase")
    except (OSError, ET.ParseError) as error:
        print(f"error: ctest left no readable result: {error}")
        return 1
    totals = [0, 0, 0]
    for case in cases:
        passed, failed, skipped, reasons = suite_counts(case)
        totals = [a + b for a, b in zip(totals, (passed, failed, skipped))]
        for reason in reasons:
            print(f"skipped {case.get('name')} {reason}")
    if ctest_code and not totals[1]:
        totals[1] = 1
    closing = f"{totals[0]} passed, {totals[1]} failed"
    print(closing + (f", {totals[2]} skipped" if totals[2] else ""))
    return 1 if totals[1] or not totals[0] else 0


if __name__ == "__main__":
    sys.exit(main())
