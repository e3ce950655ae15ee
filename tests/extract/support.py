"""Runs the extractor programs over files in memory and decodes their frames; speaks TAP."""

import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import sysconfig
import unittest

try:
    import pyarrow as pa
except ImportError:
    pa = None

ROOT = pathlib.Path(__file__).resolve().parents[2]
PYTHON_PROGRAM = [sys.executable, str(ROOT / "src/extract/python/pinion_extract_python.py")]
CHUNK_FILES, CHUNK_BYTES = 64, 4 << 20
LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)")


def treesitter_program():
    """The built tree-sitter extractor, or None."""
    folders = [os.environ["PN_LIBEXEC"]] if os.environ.get("PN_LIBEXEC") else []
    folders += sorted(str(path) for path in ROOT.glob("build/*/libexec/pinion"))
    for folder in folders:
        program = os.path.join(folder, "pinion-extract-treesitter")
        if os.access(program, os.X_OK):
            return [program]
    return None


def file_id(path):
    return "file:" + hashlib.blake2b(path.encode(), digest_size=16).hexdigest()


def request_of(files):
    entries = [{"path": p, "file_id": file_id(p), "size": len(data)} for p, data in files]
    return json.dumps({"files": entries}).encode() + b"\n" + b"".join(data for _, data in files)


def chunks_of(files):
    chunk, size = [], 0
    for path, data in files:
        if chunk and (len(chunk) == CHUNK_FILES or size + len(data) > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append((path, data))
        size += len(data)
    if chunk:
        yield chunk


def frames_of(output):
    """[(frames by name, trailer)] of a program's whole output."""
    answers, frames, stream = [], {}, io.BytesIO(output)
    while head := stream.readline():
        name, length = head.decode().split()
        payload = stream.read(int(length))
        assert len(payload) == int(length), f"frame '{name}' is cut"
        if name == "end":
            answers.append((frames, json.loads(payload)))
            frames = {}
        else:
            assert name not in frames, f"frame '{name}' came twice"
            frames[name] = payload
    assert not frames, "output ends without 'end'"
    return answers


def run_raw(program, data, **environment):
    env = {**os.environ, **environment}
    return subprocess.run(program, input=data, capture_output=True, env=env, timeout=600)


def table_of(payload):
    table = pa.ipc.open_stream(payload).read_all()
    table.validate(full=True)
    return table.to_pydict()


class File:
    """One file's answer: its rows by table as dicts of columns; `row` tables as parent index."""

    def __init__(self, path, data, status, tables):
        self.path, self.data, self.status, self.tables = path, data, status, tables
        self._rows = {}

    def rows(self, name):
        """The rows of a flat table as dicts; each has `#` (its index in the file)."""
        if name not in self._rows:
            table = self.tables.get(name, {})
            keys = [*table, "#"]
            lines = zip(*table.values(), range(self.count(name)))
            self._rows[name] = [dict(zip(keys, line)) for line in lines]
        return self._rows[name]

    def attrs(self, name):
        """One dict for each row of table `name`, from `name`.attrs."""
        maps = [{} for _ in range(self.count(name))]
        table = self.tables.get(name + ".attrs")
        if table:
            for row, key, value in zip(table["row"], table["key"], table["value"]):
                maps[row][key] = value
        return maps

    def lists(self, name, parent):
        """One list of items for each row of `parent`, from the list table `name`."""
        lists = [[] for _ in range(self.count(parent))]
        for row in self.rows(name):
            lists[row["row"]].append(row["item"])
        return lists

    def count(self, name):
        table = self.tables.get(name)
        return len(next(iter(table.values()))) if table else 0

    def text(self, start, end):
        return self.data[start:end].decode()


def _split(tables, count):
    """Cuts the tables of a chunk by file; checks the order rules of the protocol on the way."""
    bounds, parts = {}, [{} for _ in range(count)]
    for name in sorted(tables, key=lambda n: n.count(".")):
        table = tables[name]
        if "file" in table:
            owners = table["file"]
        else:
            parent = name.rpartition(".")[0]
            while parent not in bounds:
                parent = parent.rpartition(".")[0]
            starts, owner_of = bounds[parent]
            owners = [owner_of[row] for row in table["row"]]
            assert table["row"] == sorted(table["row"]), f"'{name}' is not in parent order"
        assert owners == sorted(owners), f"'{name}' is not in file order"
        starts = {}
        for at, owner in enumerate(owners):
            starts.setdefault(owner, at)
        bounds[name] = (starts, owners)
        for owner, start in starts.items():
            end = min((s for s in starts.values() if s > start), default=len(owners))
            part = {key: values[start:end] for key, values in table.items()}
            if "row" in part:
                base = bounds[parent][0][owner]
                part["row"] = [row - base for row in part["row"]]
            parts[owner][name] = part
    return parts


def extract(program, files, **environment):
    """[File] of a program's answer to `files`, a list of (path, bytes)."""
    chunks = list(chunks_of(files))
    done = run_raw(program, b"".join(map(request_of, chunks)), **environment)
    assert done.returncode == 0, done.stderr.decode()
    answers = frames_of(done.stdout)
    assert len(answers) == len(chunks)
    out = []
    for chunk, (frames, trailer) in zip(chunks, answers):
        assert trailer["protocol"] == 1 and len(trailer["files"]) == len(chunk)
        parts = _split({name: table_of(payload) for name, payload in frames.items()}, len(chunk))
        out += [File(p, d, s, t) for (p, d), s, t in zip(chunk, trailer["files"], parts)]
    return out


def line_starts(data):
    """Where each line begins, by the tokenizer's rule; independent of the extractor's code."""
    starts = [match.start() for match in LINE.finditer(data)]
    return starts


def corpus():
    """Real code: json and asyncio of this Python, and *.py below $PN_EXTRACT_CORPUS (':' list)."""
    base = pathlib.Path(sysconfig.get_paths()["stdlib"])
    folders = [base / "json", base / "asyncio"]
    folders += [pathlib.Path(p) for p in os.environ.get("PN_EXTRACT_CORPUS", "").split(":") if p]
    files = []
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            files.append((str(path.relative_to(folder.parent)), path.read_bytes()))
    return files


NASTY = {
    "empty.py": b"",
    "comments.py": b"# only\n# comments\n",
    "no_newline.py": b"x = 1",
    "bom.py": b"\xef\xbb\xbfx = '\xc3\xa9' + y\nclass \xc3\x89t\xc3\xa9: pass\n",
    "bom_crlf.py": b"\xef\xbb\xbfdef f(a):\r\n    return a\r\n",
    "cr.py": b"def f(a):\r    return a\rx = f(1)\r",
    "mixed.py": b"a = 1\r\nb = a\rc = b\nd = '''x\r\ny\rz'''; e = d\n",
    "tabs.py": b"if x:\n\ty = 1\n\tdef f(a,\tb):\n\t\treturn a\t+ b\n",
    "form_feed.py": b"x = 1\n\x0cdef f():\n    \x0c return x\n\x0c\ny = f()\n",
    "latin1.py": "# -*- coding: latin-1 -*-\n\u00e9t\u00e9 = '\u00fc' + na\u00efve\ndef \u00e9(\u00e0): pass\n".encode("latin-1"),
    "cp1252.py": "# coding: cp1252\ns = '\u20ac\u201c'; t = s\nf(s, t)\n".encode("cp1252"),
    "sjis.py": "# coding: shift_jis\ns = '\u8868\u793a'; t = s\n".encode("shift_jis"),
    "astral.py": "s = '\U0001f600\U0001f601'; \U00020000 = s; f(s, \U00020000)\n".encode(),
    "nfkc.py": "\ufb01 = 1\nprint(\ufb01, a.\ufb01)\ndef \ufb01le(): pass\nclass \ufb01x: pass\n".encode(),
    "continued.py": b"def \\\n  f \\\n (a): return a\nasync \\\n def g(): pass\nclass \\\n C: pass\nx.\\\ny()\n",
    "null.py": b"x = 1\n\0y = 2\n",
    "bad_utf8.py": b"x = '\xff\xfe'\n",
    "utf16.py": "x = 1\n".encode("utf-16"),
    "bad_cookie.py": b"# coding: nosuchcodec\nx = 1\n",
    "brackets.py": b"x = (1, [2, {3\n",
    "syntax.py": b"x = 1\ny = = 2\n",
    "indent.py": b"def f():\nx = 1\n",
    "parens.py": b"x = " + b"(" * 5000 + b"1" + b")" * 5000 + b"\n",
    "sum.py": b"x = " + b" + ".join([b"a"] * 10000) + b"\n",
    "attributes.py": b"x = a" + b".b" * 3000 + b"\n",
    "one_line.py": b"x = [" + (b"'" + b"abc " * 125 + b"', f(1), ") * 2000 + b"]\n",
    "nonlocal.py": b"nonlocal x\n",
    "digits.py": b"x = 0x" + b"f" * 20000 + b"\n",
    "escape.py": b"x = '\\d'\ny = 1 is 1\n",
    "surrogate.py": b"'''doc \\ud800'''\nx = '\\udfff'\n",
    "fstring.py": b"x = f'{a!r:>{w}} {b}'\ny = f'''\n{c}\n{d + 1}'''\n",
    "star.py": b"from a import *\nfrom . import (b as c,\n  d)\nfrom ..e.f import g\nimport h.i as j, k\n",
    "ignore.py": b"import a  # type: ignore[attr]\nb = 1\nc = 2  # type: ignore\n",
}

SCOPES = b'''
def dec(f=lambda: 1, *, g=lambda: 2, h: (lambda: 3) = lambda: 4): return f
@dec(lambda: 0)
class C(Base, metaclass=(lambda: M)(), key=[k for k in ks]):
    __private = 1
    y: int = [__private for _ in (lambda: seq)()]
    def __hidden(self, a=[q for q in qs], *args: T, **kw) -> [t for t in ts]:
        global G, D
        def D(): pass
        self.__private = __private
        def inner():
            nonlocal a
            a = [[x for x in y if (lambda: x)()] for y in (z for z in zs)]
            return lambda a=(lambda: b), c=[d for d in e]: [a, c, (lambda: c)]
        return super().m(inner)
[lambda: 1 for a in b if (lambda: 2)], {(lambda: k): (lambda: v) for k in x}, lambda: 3
[[i for i in j] for j in [l for l in m] for n in [o for o in p]]
try:
    pass
except (A, B) as err: print(err)
if (w := [u for u in v if (last := u)]): print(w, last)
del w
for i, j in f(): i += j
with open(a) as b, c as (d, e): pass
async def co():
    async for x in y: yield [await z async for z in x]
'''
MATCH = b'''
match f(x):
    case {"a": a, **rest}: print(a, rest)
    case [b, *c] if b: print(b, c)
    case P(q=r) as s: print(r, s)
    case _: pass
'''
FUTURE = b'''
from __future__ import annotations
def f(a: (lambda: 1), b: [x for x in y] = (lambda: 2), *c: T) -> (lambda: 3): pass
v: (lambda: 4) = lambda: 5
class C:
    w: List[int] = 1
'''
GENERIC = b'''
type A[T: (int, str)] = list[T]
def f[T: (lambda: 1), *Ts, **P](a: T, b=lambda: 2) -> T: return a
class C[T](Base[T]):
    x: T
    def m[U](self, u: U) -> list[T]: return T
'''


def nasty():
    files = dict(NASTY)
    files["scopes.py"] = SCOPES
    files["future.py"] = FUTURE
    if sys.version_info >= (3, 10):
        files["match.py"] = MATCH
    if sys.version_info >= (3, 12):
        files["generic.py"] = GENERIC
    return sorted(files.items())


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.number = 0

    def _line(self, word, test, note=""):
        self.number += 1
        print(f"{word} {self.number} - {test.id().rpartition('__main__.')[2]}{note}", flush=True)

    def addSuccess(self, test):
        self._line("ok", test)

    def addSkip(self, test, reason):
        self._line("ok", test, f" # SKIP {reason}")

    def _failed(self, test, error):
        super().addFailure(test, error)
        self._line("not ok", test)
        for line in self._exc_info_to_string(error, test).splitlines():
            print("# " + line)

    addFailure = addError = _failed


def main():
    """Runs the cases of the calling script and reports in TAP; exit 1 when one failed."""
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    print(f"1..{suite.countTestCases()}")
    if pa is None:
        for number in range(1, suite.countTestCases() + 1):
            print(f"ok {number} - extractor tests # SKIP pyarrow is not installed")
        return
    result = TapResult()
    suite.run(result)
    sys.exit(0 if result.wasSuccessful() else 1)
