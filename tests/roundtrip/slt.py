# SPDX-License-Identifier: Apache-2.0
"""Files of sqllogictest: records of statements and queries; what they expect is left out."""
import glob
import pathlib
import re
import typing


class Record(typing.NamedTuple):
    line: int
    sql: str
    is_query: bool
    may_fail: bool


def records(path, engine="DataFusion"):
    """The records of a file and of those it includes, less the ones for other engines."""
    path = pathlib.Path(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    at, ours = 0, True
    while at < len(lines):
        start, words = at, lines[at].split()
        at += 1
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "halt":
            return
        if words[0] in ("skipif", "onlyif"):
            ours = ours and (words[1] == engine) == (words[0] == "onlyif")
        elif words[0] == "include":
            for found in sorted(glob.glob(str(path.parent / words[1]))):
                yield from records(found, engine)
        elif words[0] in ("statement", "query"):
            sql = []
            while at < len(lines) and lines[at].strip() and lines[at].strip() != "----":
                sql.append(lines[at])
                at += 1
            if at < len(lines) and lines[at].strip() == "----":
                while at < len(lines) and lines[at].strip():
                    at += 1
            if ours:
                may_fail = len(words) > 1 and words[1] == "error"
                yield Record(start + 1, "\n".join(sql), words[0] == "query", may_fail)
            ours = True


SET = re.compile(r"\s*(?:SET|RESET)\s+(?:VARIABLE\s+)?([\w.]+)(?:\s*(?:=|\bTO\b)\s*(.*?))?\s*;?\s*$", re.I | re.S)


def setting(sql):
    """(key, value) of SET and RESET; the value is None for RESET; None for all else."""
    found = SET.match(sql)
    if not found:
        return None
    key, value = found.groups()
    if key.lower() in ("time", "timezone"):
        return "datafusion.execution.time_zone", re.sub(r"^ZONE\s*=?\s*", "", value or "", flags=re.I).strip("'\" ")
    return key.lower(), None if sql.lstrip()[:5].upper() == "RESET" else (value or "").strip("'\"")


QUERIES = ("SELECT", "WITH", "VALUES", "(")
SETUPS = ("CREATE", "DROP", "INSERT", "COPY", "DELETE", "UPDATE", "TRUNCATE")


def walk(path, on_setting, on_setup, on_query):
    """Gives each record of a file to one of them: (key, value), (line, sql), or (index, line, sql) of a query."""
    for index, record in enumerate(records(path)):
        sql = record.sql.strip().rstrip(";")
        word = sql.split(None, 1)[0].upper() if sql else ""
        change = setting(sql)
        if change:
            on_setting(*change)
        elif word in QUERIES:
            on_query(index, record.line, sql)
        elif word in SETUPS:
            on_setup(record.line, sql)
