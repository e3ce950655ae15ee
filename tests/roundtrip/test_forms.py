#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every form of forms.py through both doors, one case each, and docs/coverage.md, which is made of the answers.

PN_BLESS=1 writes the page; otherwise a stale page fails.
"""
import os
import sys

import forms
from doors import PROGRAM, ROOT, Doors, skip

PAGE = ROOT / "docs/coverage.md"
HEAD = """# What comes back from Substrait

Each form is a query that runs as plain SQL and as canonical Substrait that is replayed; the rows, names and types must be equal. This page is written by `tests/roundtrip/test_forms.py`
(`PN_BLESS=1`), which fails when it is stale. `yes`: equal. `refused`: an error says why, nothing is dropped. `engine`: the engine itself does not plan or run it.
"""
WORDS = {"same": "yes", "refused": "refused", "unplanned": "engine", "failed": "engine"}


def answers():
    """(section, form, dialect, answer), in the order of the page."""
    doors = Doors(ROOT)

    def fresh(dialect):
        doors.ask(do="file")
        doors.ask(do="set", key="datafusion.sql_parser.dialect", value=dialect)
        for sql in forms.SETUP:
            made = doors.ask(do="setup", sql=sql)
            assert made["is"] == "done" or dialect != "generic", made

    fresh("generic")
    for section, rows in forms.SECTIONS:
        for form, sql in rows:
            yield section, form, "generic", doors.ask(do="query", sql=sql)
    for dialect, form, sql in forms.DIALECTS:
        fresh(dialect)
        yield "Dialects", form, dialect, doors.ask(do="query", sql=sql)
    doors.stop()


def page(found):
    lines, before = [HEAD], None
    for section, form, dialect, answer in found:
        if section != before:
            lines += [f"## {section}", "| form | dialect | comes back |", "|---|---|---|"]
            lines[-3:-3] = [""] if before else []
        before = section
        text = form.replace("|", "\\|")
        lines.append(f"| {text} | {dialect} | {WORDS.get(answer['is'], 'NO')} |")
    return "\n".join(lines) + "\n"


def main():
    if not PROGRAM.exists():
        skip(f"{PROGRAM} is not built")
    found = list(answers())
    bad = 0
    print(f"1..{len(found) + 1}")
    for i, (section, form, dialect, answer) in enumerate(found, 1):
        ok = answer["is"] in WORDS
        bad += not ok
        print(f"{'ok' if ok else 'not ok'} {i} - {section.lower()}: {form} ({dialect})")
        if answer["is"] != "same":
            print(f"# {answer['is']}: {answer.get('why', '')}")
    text = page(found)
    if os.environ.get("PN_BLESS") == "1":
        PAGE.write_text(text, encoding="utf-8")
    fresh = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
    print(f"{'ok' if fresh else 'not ok'} {len(found) + 1} - docs/coverage.md is what was found (PN_BLESS=1 writes it)")
    sys.exit(bool(bad or not fresh))


if __name__ == "__main__":
    main()
