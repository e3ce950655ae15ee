"""The views of packs/python over evidence of real code, on PyPI's DataFusion.

Needs pyarrow and datafusion from PyPI. The real code is the installed json and asyncio packages
and the folders in $PN_EXTRACT_CORPUS (split by ':'). `pycg.py` holds the benchmark.
"""

import ast
import glob
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "extract"))

import support  # noqa: E402

try:
    import datafusion  # noqa: F401
    import pyarrow  # noqa: F401

    MISSING = None
except ImportError as error:
    MISSING = f"{error.name} is not installed"

if MISSING is None:
    import pycg
    from make_evidence import make_evidence
    from pack_engine import PACK, blake2_hex, open_pack, read_views, rows_of, stable_id_parts

EDGE_KINDS = {
    "SCOPE_PARENT",
    "SCOPE_BINDS",
    "BINDING_RESOLVES_TO",
    "DEF_SITE_OF",
    "USE_SITE_OF",
    "CONTAINS",
    "CALLS",
}
MODULES = {
    "app/__init__.py": b"from .core import Base as PublicBase\nfrom .helpers import *\n",
    "app/core.py": b"""
class Base:
    def __init__(self): self.setup()
    def setup(self): pass
    @classmethod
    def make(cls): return cls()
    def __private(self): return self.__private()
class Child(Base):
    def setup(self): super().setup()
    def only_here_defined(self): pass
""",
    "app/helpers.py": b"""
def shout(text): return text.upper()
def _hidden(): pass
""",
    "app/nested/__init__.py": b"",
    "app/nested/deep.py": b"""
from ..core import Child as C
from ... import nothing
def run(thing):
    made = C()
    made.setup()
    thing.only_here_defined()
    def inner():
        return run
    return inner()
""",
    "main.py": b"""
import app.nested.deep as d
import app
from app import PublicBase, shout
import os.path
d.run(1)
app.core.Child.make().setup()
shout('x')
PublicBase()
os.path.join('a', 'b')
[shout(w) for w in 'ab']
class Scoped:
    value = 1
    def get(self): return value
value = 2
""",
}
CALLS = """
SELECT c.path, s.callee_text, d.def_fqn, c.resolution_method, c.confidence
FROM python_calls AS c
JOIN cst_callsites AS s ON s.call_id = c.call_id
JOIN cst_defs AS d ON d.def_id = c.def_id
"""
DANGLING = """
SELECT e.edge_kind, count(*) AS n
FROM (SELECT edge_kind, src_node_id AS node_id FROM cpg_edges_v1
      UNION ALL SELECT edge_kind, dst_node_id AS node_id FROM cpg_edges_v1) AS e
LEFT JOIN cpg_nodes_v1 AS n ON n.node_id = e.node_id
WHERE n.node_id IS NULL
GROUP BY e.edge_kind
"""


def setUpModule():
    if MISSING is not None:
        raise unittest.SkipTest(MISSING)


def has_paths(session):
    """Whether the extractor gives access paths (callee_path, value_path, base_paths, …)."""
    keys = "SELECT count(*) AS n FROM cst_callsites WHERE attrs['arg_paths'] IS NOT NULL"
    return rows_of(session, keys)[0]["n"] > 0


NO_PATHS = "the extractor gives no access paths"


def is_postponed(tree):
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
        for node in tree.body
    )


def counts(session, table, column):
    rows = rows_of(session, f"SELECT {column} AS k, count(*) AS n FROM {table} GROUP BY {column}")
    return {row["k"]: row["n"] for row in rows}


class RealCode(unittest.TestCase):
    """Invariants over real code."""

    @classmethod
    def setUpClass(cls):
        worker = support.treesitter_program()
        cls.files = support.corpus()
        cls.session = open_pack(make_evidence(cls.files, worker[0] if worker else None))
        cls.trees = {path: ast.parse(data) for path, data in cls.files}

    def count_ast(self, *kinds):
        return sum(isinstance(n, kinds) for tree in self.trees.values() for n in ast.walk(tree))

    def test_ids_are_unique(self):
        for table, key in (("cpg_nodes_v1", "node_id"), ("cpg_edges_v1", "edge_id")):
            row = rows_of(
                self.session, f"SELECT count(*) AS n, count(DISTINCT {key}) AS d FROM {table}"
            )[0]
            self.assertGreater(row["n"], 1000)
            self.assertEqual(row["n"], row["d"], table)

    def test_edges_end_at_nodes(self):
        self.assertEqual(rows_of(self.session, DANGLING), [])

    def test_every_edge_kind_occurs(self):
        self.assertEqual(set(counts(self.session, "cpg_edges_v1", "edge_kind")), EDGE_KINDS)

    def test_spans_lie_inside_files(self):
        for table in ("cpg_nodes_v1", "cpg_edges_v1"):
            bad = rows_of(
                self.session,
                f"SELECT count(*) AS n FROM {table} AS t JOIN repo_files_v1 AS f ON f.path = t.path"
                " WHERE t.bstart < 0 OR t.bend < t.bstart OR t.bend > f.size_bytes"
                " OR (t.bstart IS NULL) <> (t.bend IS NULL)",
            )
            self.assertEqual(bad, [{"n": 0}], table)

    def test_counts_equal_the_syntax_tree(self):
        nodes = counts(self.session, "cpg_nodes_v1", "node_kind")
        functions = self.count_ast(ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
        aliases = self.count_ast(ast.alias)
        self.assertEqual(nodes["PY_FILE"], len(self.files))
        self.assertEqual(nodes["CST_DEF"], functions + self.count_ast(ast.ClassDef))
        self.assertEqual(nodes["CST_CALLSITE"], self.count_ast(ast.Call))
        self.assertEqual(nodes["CST_IMPORT_ALIAS"], aliases)
        named = self.count_ast(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        self.assertEqual(nodes["PY_DEF_SITE"], named)
        self.assertEqual(nodes["SYM_SYMBOL"], nodes["PY_BINDING"])
        edges = counts(self.session, "cpg_edges_v1", "edge_kind")
        self.assertEqual(edges["CONTAINS"], nodes["CST_DEF"])

    def test_every_name_has_one_binding(self):
        """Annotations that are never evaluated (PEP 563) hold names that have none."""
        rows = rows_of(
            self.session,
            "SELECT r.path, count(u.use_site_id) AS n FROM cst_refs AS r"
            " LEFT JOIN symtable_use_sites AS u ON u.ref_id = r.ref_id"
            " WHERE r.ref_kind = 'name' GROUP BY r.ref_id, r.path",
        )
        self.assertLessEqual(max(row["n"] for row in rows), 1)
        unbound = {row["path"] for row in rows if row["n"] == 0}
        self.assertLessEqual(unbound, {p for p, tree in self.trees.items() if is_postponed(tree)})

    def test_free_names_resolve_once_unless_the_compiler_makes_them(self):
        rows = rows_of(
            self.session,
            "SELECT b.name, count(r.binding_id) AS n FROM symtable_bindings AS b"
            " LEFT JOIN symtable_binding_resolutions AS r ON r.binding_id = b.binding_id"
            " WHERE b.binding_kind IN ('free_ref', 'nonlocal_ref') GROUP BY b.binding_id, b.name",
        )
        self.assertTrue(rows)
        wrong = [r for r in rows if r["n"] != 1 and r["name"] not in ("__class__", "__classdict__")]
        self.assertEqual(wrong, [])

    def test_node_id_follows_the_recipe(self):
        path = self.files[0][0]
        file_id = "file:" + blake2_hex(path)
        found = rows_of(
            self.session,
            f"SELECT node_id FROM cpg_nodes_v1 WHERE node_kind = 'PY_FILE' AND path = '{path}'",
        )
        self.assertEqual(found, [{"node_id": stable_id_parts("node", file_id, "PY_FILE")}])

    def test_rows_do_not_depend_on_the_order_of_files(self):
        files = self.files[:12]
        tables = []
        for order in (files, files[::-1]):
            session = open_pack(make_evidence(order))
            tables.append(
                [
                    rows_of(session, f"SELECT * FROM {table} ORDER BY path, bstart, {key}")
                    for table, key in (("cpg_nodes_v1", "node_id"), ("cpg_edges_v1", "edge_id"))
                ]
            )
        self.assertEqual(*tables)


class SmallProgram(unittest.TestCase):
    """Name resolution over modules, with every answer known."""

    @classmethod
    def setUpClass(cls):
        cls.session = open_pack(make_evidence(sorted(MODULES.items())), ["python_calls"])
        cls.calls = {}
        for row in rows_of(cls.session, CALLS):
            found = cls.calls.setdefault((row["path"], row["callee_text"]), {})
            found[row["def_fqn"]] = (row["resolution_method"], row["confidence"])

    def check(self, path, callee, answers):
        found = self.calls.get((path, callee), {})
        self.assertEqual({name: value[0] for name, value in found.items()}, answers, callee)

    def test_imports(self):
        self.check("main.py", "d.run", {"app.nested.deep.run": "MODULE_ATTRIBUTE"})
        self.check("main.py", "shout", {"app.helpers.shout": "IMPORTED_NAME"})
        self.check(
            "main.py",
            "PublicBase",
            {"app.core.Base": "CONSTRUCTOR", "app.core.Base.__init__": "CONSTRUCTOR"},
        )
        self.check("main.py", "os.path.join", {})

    def test_classes(self):
        if not has_paths(self.session):
            self.skipTest(NO_PATHS)
        self.check("app/core.py", "self.setup", {"app.core.Base.setup": "SELF_METHOD"})
        self.check("app/core.py", "super().setup", {"app.core.Base.setup": "SUPER_METHOD"})
        self.check("app/core.py", "self.__private", {"app.core.Base.__private": "SELF_METHOD"})
        self.check("app/nested/deep.py", "made.setup", {"app.core.Child.setup": "ASSIGNED_VALUE"})
        self.check("main.py", "app.core.Child.make", {"app.core.Base.make": "CLASS_ATTRIBUTE"})

    def test_fallback_is_marked(self):
        name = "app.core.Child.only_here_defined"
        found = self.calls[("app/nested/deep.py", "thing.only_here_defined")]
        self.assertEqual(found, {name: ("UNIQUE_METHOD_NAME", 0.3)})

    def test_class_scopes_are_passed_over(self):
        rows = rows_of(
            self.session,
            "SELECT o.scope_type, o.scope_name FROM symtable_bindings AS b"
            " JOIN symtable_binding_resolutions AS r ON r.binding_id = b.binding_id"
            " JOIN symtable_bindings AS o ON o.binding_id = r.outer_binding_id"
            " WHERE b.scope_name = 'get' AND b.name = 'value'",
        )
        self.assertEqual([row["scope_type"] for row in rows], ["MODULE"])


class Benchmark(unittest.TestCase):
    """CALLS against a call graph that others wrote."""

    def test_pycg(self):
        folder = pycg.find_benchmark()
        if folder is None:
            self.skipTest("no external test data (PN_EXTERNAL_DATA)")
        found = pycg.summary(pycg.measure(folder))
        self.assertGreater(found["cases"], 50)
        self.assertGreaterEqual(found["precision"], 0.99, found)
        if not has_paths(open_pack(make_evidence(sorted(MODULES.items())), ["cst_callsites"])):
            self.skipTest(f"{NO_PATHS}; without them {found}")
        self.assertGreaterEqual(found["recall"], 0.85, found)


class Files(unittest.TestCase):
    """The pack's files."""

    def test_views_open_with_a_comment_and_have_unique_names(self):
        paths = glob.glob(os.path.join(PACK, "views", "**", "*.sql"), recursive=True)
        self.assertEqual(len(paths), len(read_views()))
        for path in paths:
            with open(path, encoding="utf-8") as stream:
                lines = stream.read().splitlines()
            comment = [i for i, line in enumerate(lines) if not line.startswith("--")][0]
            self.assertTrue(1 <= comment <= 8, f"{path}: {comment} lines of comment")
            self.assertLessEqual(max(map(len, lines)), 100, path)

    def test_every_view_runs(self):
        session = open_pack(make_evidence(sorted(MODULES.items())), sorted(read_views()))
        for name in sorted(read_views()):
            self.assertGreaterEqual(session.sql(f"SELECT * FROM {name}").count(), 0)

    def test_queries_run(self):
        session = open_pack(make_evidence(sorted(MODULES.items())), sorted(read_views()))
        values = {"name": "shout", "module": "app.core"}
        rows = {}
        for path in sorted(glob.glob(os.path.join(PACK, "queries", "*.sql"))):
            with open(path, encoding="utf-8") as stream:
                sql = stream.read()
            for key, value in values.items():
                sql = sql.replace("$" + key, f"'{value}'")
            rows[os.path.basename(path)[:-4]] = rows_of(session, sql)
        self.assertEqual(len(rows["callers"]), 2)
        self.assertEqual(rows["largest_classes"][0]["class_name"], "app.core.Base")
        self.assertIn("app/nested/deep.py", [row["importer"] for row in rows["imports_of"]])


if __name__ == "__main__":
    support.main()
