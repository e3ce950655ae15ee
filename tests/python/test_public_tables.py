"""What `pinion cpg build` writes is read by deltalake and by DuckDB, is whole, and depends on the sources alone."""
import os
import pathlib
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
try:
    import public_tables as tables
except ImportError as missing:
    print(f"the module {missing.name} is not installed (tools/setup.sh)")
    sys.exit(77)

SOURCES = {
    "shop/__init__.py": "from .cart import Cart\nfrom .cart import total as sum_of\n__all__ = ['Cart']\n",
    "shop/cart.py": "import json, os.path as p\n\n\nclass Cart:\n    '''Holds items.'''\n    items: list = []\n\n"
                    "    def add(self, item, *, n=1):\n        self.items.extend([item] * n)\n        return self\n\n"
                    "    async def load(self, path):\n        return json.loads(open(p.join('x', path)).read())\n\n\n"
                    "def total(cart):\n    key = lambda item: item.price\n"
                    "    return sum(key(item) for item in cart.items)\n",
    "shop/naïve.py": "# größe: ein Umlaut vor jedem Ausdruck\nstraße = 'ß' * 3\nprint(straße, '𝄞', len(straße))\n",
    "shop/crlf.py": "def f(x):\r\n    return g(x)\r\n\r\ndef g(y):\r\n    global z\r\n    z = y\r\n    return f(y)\r\n",
    "shop/empty.py": "",
    "broken.py": "def half(:\n    return (1\nx = ]\n",
    "stubs/api.pyi": "from typing import overload\n@overload\ndef get(x: int) -> int: ...\n@overload\ndef get(x: str) -> str: ...\n",
    "latin.py": b"# -*- coding: latin-1 -*-\nname = 'caf\xe9'\nprint(name)\n",
    "binary.py": b"\xff\xfe\x00\x01\x80 not text\n",
    "ignored/skip.py": "raise SystemExit\n",
    ".gitignore": "ignored/\n",
}


def write_sources(folder):
    for name, text in SOURCES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (folder / "loop").symlink_to(".", target_is_directory=True)
    (folder / "self.py").symlink_to("self.py")
    (folder / "away.py").symlink_to(os.path.abspath(__file__))
    os.mkfifo(folder / "pipe.py")


class Checks:
    """Holds for every graph. `graph` and `again` are builds of equal sources under other circumstances."""

    graph = again = None

    def assert_none(self, query, what):
        self.assertEqual(self.graph.sql(query)[:5], [], what)

    def test_other_programs_count_the_same_rows(self):
        for name in tables.EVIDENCE + tables.OUTPUTS:
            with self.subTest(table=name):
                count = self.graph.sql(f"select count(*) from {name}")[0][0]
                self.assertEqual(count, self.graph.table(name).num_rows)
                self.assertGreater(count, 0)

    def test_the_report_counts_what_is_there(self):
        counted = {entry["table"]: int(entry["rows"]) for entry in self.graph.report["evidence"]}
        self.assertEqual(counted, {name: self.graph.table(name).num_rows for name in tables.EVIDENCE})

    def test_no_file_is_lost(self):
        self.assert_none("select path from repo_files_v1 group by path having count(*) > 1", "a path twice")
        for name in ("ast_files_v1", "symtable_files_v1", "libcst_files_v1", "tree_sitter_files_v1"):
            self.assert_none(f"select path from repo_files_v1 where status = 'ok' and file_id not in "
                             f"(select file_id from {name})", f"read but not in {name}")

    def test_ids_are_unique(self):
        self.assert_none("select node_id from cpg_nodes_v1 group by 1 having count(*) > 1", "a node twice")
        self.assert_none("select edge_id from cpg_edges_v1 group by 1 having count(*) > 1", "an edge twice")
        self.assert_none("select 1 from cpg_nodes_v1 where node_id is null or node_kind is null", "a node without id")

    def test_no_edge_dangles(self):
        for end in ("src_node_id", "dst_node_id"):
            self.assert_none(f"select edge_kind, {end} from cpg_edges_v1 where {end} is null or {end} not in "
                             f"(select node_id from cpg_nodes_v1)", f"{end} leads nowhere")

    def test_spans_lie_inside_their_file(self):
        for name in tables.OUTPUTS:
            self.assert_none(f"select path, bstart, bend, size_bytes from {name} join repo_files_v1 using (path) "
                             f"where bstart < 0 or bend < bstart or bend > size_bytes", f"a span of {name}")
            self.assert_none(f"select path from {name} where bstart is not null and path not in "
                             f"(select path from repo_files_v1)", f"a span of {name} without its file")
        for name, column in (("ast_files_v1", "nodes"), ("ast_files_v1", "calls"), ("tree_sitter_files_v1", "nodes")):
            self.assert_none(f"select path, span from (select path, unnest({column}).span as span from {name}) "
                             f"join repo_files_v1 using (path) where span.byte_span.byte_start < 0 or "
                             f"span.byte_span.byte_start + span.byte_span.byte_len > size_bytes",
                             f"a span of {name}.{column}")

    def test_counts_equal_those_of_cpython(self):
        counts = tables.Counts(self.graph.repo)
        found = self.graph.sql(
            "with d as (select unnest(defs) as x from libcst_files_v1) select "
            "(select count(*) from d where x.kind <> 'class' and x.name is not null and x.name <> '<lambda>'), "
            "(select count(*) from d where x.kind = 'class'), "
            "(select coalesce(sum(len(imports)), 0) from libcst_files_v1), "
            "(select coalesce(sum(len(callsites)), 0) from libcst_files_v1)")[0]
        self.assertEqual(found, (counts.defs, counts.classes, counts.imports, counts.calls))

    def test_nodes_are_as_many_as_their_evidence(self):
        pairs = {"CST_DEF": "sum(len(defs))", "CST_CALLSITE": "sum(len(callsites))",
                 "CST_IMPORT_ALIAS": "sum(len(imports))", "CST_REF": "sum(len(refs))"}
        for kind, counted in pairs.items():
            nodes = self.graph.sql(f"select count(*) from cpg_nodes_v1 where node_kind = '{kind}'")
            self.assertEqual(nodes, self.graph.sql(f"select coalesce({counted}, 0) from libcst_files_v1"), kind)

    def test_circumstances_do_not_reach_the_rows(self):
        for name in tables.EVIDENCE + tables.OUTPUTS:
            with self.subTest(table=name):
                self.assertEqual(tables.canonical_rows(self.graph, name), tables.canonical_rows(self.again, name))

    def test_circumstances_do_not_reach_the_fingerprints(self):
        self.assertGreaterEqual(len(self.graph.fingerprints()), 2)
        self.assertEqual(self.graph.fingerprints(), self.again.fingerprints())


def build_twice(case, prepare):
    """Two builds of what `prepare` puts into a folder: other folder, workers, locale and time zone."""
    case.scratch = tempfile.TemporaryDirectory()
    case.addClassCleanup(case.scratch.cleanup)
    base = pathlib.Path(case.scratch.name)
    prepare(base / "one")
    prepare(base / "elsewhere/two")
    case.graph = tables.Graph(base / "one", base / "one.cpg", 1, LC_ALL="C", TZ="UTC")
    case.again = tables.Graph(base / "elsewhere/two", base / "elsewhere/out", 4, TZ="Asia/Kathmandu",
                              **tables.turkish(base))


class GeneratedRepository(Checks, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        build_twice(cls, write_sources)

    def test_difficult_files_are_rows(self):
        status = dict(self.graph.sql("select path, status from repo_files_v1"))
        self.assertEqual({path for path in status if path.startswith("ignored/")}, set())
        self.assertEqual(status["latin.py"], "ok")
        self.assertEqual(status["shop/naïve.py"], "ok")
        difficult = {"binary.py": "undecodable", "pipe.py": "unreadable", "loop": "symlink_loop",
                     "self.py": "symlink_loop", "away.py": "symlink_outside", "broken.py": "ok"}
        self.assertEqual({path: status[path] for path in difficult}, difficult)
        self.assert_none("select path from repo_files_v1 where status <> 'ok' and error is null", "no reason given")
        self.assertEqual(self.graph.sql("select path from (select path, unnest(errors) from ast_files_v1) order by 1"),
                         [("binary.py",), ("broken.py",)])

    def test_syntax_errors_are_nodes(self):
        found = self.graph.sql("select distinct path, node_kind from cpg_nodes_v1 where node_kind like 'TS%' order by all")
        self.assertEqual(found, [("binary.py", "TS_ERROR"), ("broken.py", "TS_ERROR"), ("broken.py", "TS_MISSING")])

    def test_counts_equal_those_of_cpython(self):
        # CPython's side walks the folder: leave out what git ignores and what leads away.
        shutil.rmtree(self.graph.repo / "ignored", ignore_errors=True)
        (self.graph.repo / "away.py").unlink(missing_ok=True)
        super().test_counts_equal_those_of_cpython()

    def test_a_change_reaches_the_fingerprints(self):
        other = pathlib.Path(self.scratch.name) / "changed"
        write_sources(other)
        with open(other / "shop/empty.py", "a", encoding="utf-8") as file:
            file.write("x = 1\n")
        changed = tables.Graph(other, pathlib.Path(self.scratch.name) / "changed.cpg")
        self.assertNotEqual(changed.fingerprints()["cpg_nodes_v1"], self.graph.fingerprints()["cpg_nodes_v1"])


class SourceArchive(Checks):
    package = None

    @classmethod
    def setUpClass(cls):
        sources = tables.source_archive(cls.package)
        if sources is None:
            raise unittest.SkipTest(f"the source archive of {cls.package} cannot be downloaded")
        build_twice(cls, lambda folder: shutil.copytree(sources, folder, symlinks=True))


class Flask(SourceArchive, unittest.TestCase):
    package = "flask"


class Requests(SourceArchive, unittest.TestCase):
    package = "requests"


if __name__ == "__main__":
    if tables.program() is None:
        print("PN_BIN names no program: pinion is not built")
        sys.exit(77)
    os.environ.pop("PINION_SQL_POLICY", None)
    unittest.main(verbosity=2)
