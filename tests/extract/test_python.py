"""The Python extractor against CPython's own ast, symtable and code objects."""

import ast
import itertools
import json
import symtable
import sys
import unicodedata
import unittest
import warnings
from collections import Counter

import support

warnings.simplefilter("ignore")
sys.setrecursionlimit(20000)
SPAN = "span.byte_span."
DEFS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
COMPREHENSIONS = ("listcomp", "setcomp", "dictcomp")
FAILING = {
    "null.py", "bad_utf8.py", "utf16.py", "bad_cookie.py", "brackets.py", "syntax.py", "indent.py",
    "parens.py",
}


def preorder(node):
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(list(ast.iter_child_nodes(node))))


def parsed(file):
    try:
        return ast.parse(file.data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def comprehension_names(tree):
    """The names that comprehensions bind or read anywhere in a file."""
    kinds = (ast.ListComp, ast.SetComp, ast.DictComp)
    found = (node for node in ast.walk(tree) if isinstance(node, kinds))
    return {name.id for node in found for name in ast.walk(node) if isinstance(name, ast.Name)}


def encoding_of(file):
    return {"latin1.py": "latin-1", "cp1252.py": "cp1252", "sjis.py": "shift_jis"}.get(file.path, "utf-8")


class Extracted(unittest.TestCase):
    """Shares one extraction of the corpus and of the nasty files."""

    real = nasty = every = ()

    @classmethod
    def setUpClass(cls):
        if not Extracted.every:
            Extracted.real = support.extract(support.PYTHON_PROGRAM, support.corpus())
            Extracted.nasty = support.extract(support.PYTHON_PROGRAM, support.nasty())
            Extracted.every = Extracted.real + Extracted.nasty
        assert len(cls.real) > 30


class Tree(Extracted):
    def test_no_file_is_lost(self):
        self.assertEqual({file.status["status"] for file in self.every}, {"ok"})
        failing = {file.path for file in self.nasty if parsed(file) is None}
        self.assertLessEqual(FAILING, failing)
        for file in self.every:
            stages = [attrs["stage"] for attrs in file.attrs("ast.errors")]
            if file.path in failing:
                self.assertEqual((stages, file.count("ast.nodes")), (["parse"], 0), file.path)
            elif file.path == "nonlocal.py":
                self.assertEqual(stages, ["symtable"])
                self.assertGreater(file.count("ast.nodes"), 0)
            else:
                self.assertEqual(stages, [], file.path)

    def test_errors_are_inside_the_file(self):
        for file in self.nasty:
            for row in file.rows("ast.errors"):
                self.assertTrue(row["message"] and row["error_type"], file.path)
                start, size = row[SPAN + "byte_start"], row[SPAN + "byte_len"]
                if start is not None:
                    self.assertTrue(0 <= start <= start + size <= len(file.data), file.path)
        row = next(file for file in self.nasty if file.path == "syntax.py").rows("ast.errors")[0]
        self.assertEqual((row["span.start.line0"], row["span.start.col"]), (1, 4))
        self.assertEqual(row[SPAN + "byte_start"], 10)

    def test_nodes_are_the_preorder_of_the_tree(self):
        for file in self.every:
            tree = parsed(file)
            if tree is None:
                continue
            nodes = file.rows("ast.nodes")
            self.assertEqual(len(nodes), sum(1 for _ in ast.walk(tree)), file.path)
            wanted = [type(node).__name__ for node in preorder(tree)]
            self.assertEqual([row["kind"] for row in nodes], wanted, file.path)
            self.assertEqual([row["ast_id"] for row in nodes], list(range(len(nodes))))

    def test_edges_and_parents_follow_the_fields(self):
        for file in self.every:
            tree = parsed(file)
            if tree is None or file.path == "sum.py":
                continue
            ids = itertools.count()
            wanted = []

            def visit(node, me):
                for field, value in ast.iter_fields(node):
                    items = value if isinstance(value, list) else [value]
                    for at, item in enumerate(items):
                        if isinstance(item, ast.AST):
                            child = next(ids)
                            index = at if isinstance(value, list) else None
                            wanted.append((me, child, field, index))
                            visit(item, child)

            visit(tree, next(ids))
            edges = [(r["src"], r["dst"], r["slot"], r["idx"]) for r in file.rows("ast.edges")]
            self.assertEqual(edges, sorted(wanted, key=lambda edge: edge[1]), file.path)
            parents = {edge[1]: edge[0] for edge in wanted}
            for row in file.rows("ast.nodes"):
                self.assertEqual(row["parent_ast_id"], parents.get(row["ast_id"]))

    def test_positions_are_the_nodes_own(self):
        for file in self.every:
            tree = parsed(file)
            if tree is None:
                continue
            for row, node in zip(file.rows("ast.nodes"), preorder(tree)):
                line = getattr(node, "lineno", None)
                if line is None:
                    self.assertIsNone(row["span.start.line0"])
                    self.assertIsNone(row[SPAN + "byte_start"])
                    continue
                place = (node.lineno - 1, node.col_offset, node.end_lineno - 1, node.end_col_offset)
                got = tuple(row["span." + k] for k in ("start.line0", "start.col", "end.line0", "end.col"))
                self.assertEqual(got, place, file.path)
                start, size = row[SPAN + "byte_start"], row[SPAN + "byte_len"]
                self.assertTrue(0 <= start <= start + size <= len(file.data), file.path)

    def test_span_text_is_the_source_segment(self):
        for file in self.every:
            tree = parsed(file)
            if tree is None:
                continue
            encoding = encoding_of(file)
            raw = file.data.removeprefix(b"\xef\xbb\xbf")
            text = raw.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
            step = 1 if len(file.data) < 2000 else 97
            rows = zip(file.rows("ast.nodes"), preorder(tree))
            for row, node in itertools.islice(rows, 0, None, step):
                if row[SPAN + "byte_start"] is None:
                    continue
                start = row[SPAN + "byte_start"]
                got = file.data[start : start + row[SPAN + "byte_len"]].decode(encoding, "replace")
                want = segment(text, node)
                self.assertEqual(got.replace("\r\n", "\n").replace("\r", "\n"), want, file.path)

    def test_constants(self):
        for file in self.every:
            tree = parsed(file)
            if tree is None or file.path == "digits.py":
                continue
            want = [repr(n.value)[:256] for n in preorder(tree) if isinstance(n, ast.Constant)]
            rows = file.rows("ast.nodes")
            self.assertEqual([r["value"] for r in rows if r["kind"] == "Constant"], want)

    def test_definitions_imports_calls_and_docstrings(self):
        for file in self.every:
            tree = parsed(file)
            if tree is None:
                continue
            nodes = list(preorder(tree))
            defs = [(type(n).__name__, n.name) for n in nodes if isinstance(n, DEFS)]
            self.assertEqual([(r["kind"], r["name"]) for r in file.rows("ast.defs")], defs)
            imports = [
                (type(n).__name__, getattr(n, "module", None), a.name, a.asname, at)
                for n in nodes
                if isinstance(n, (ast.Import, ast.ImportFrom))
                for at, a in enumerate(n.names)
            ]
            keys = ("kind", "module", "name", "asname", "alias_index")
            self.assertEqual([tuple(r[k] for k in keys) for r in file.rows("ast.imports")], imports)
            self.assertEqual(file.count("cst.imports"), len(imports))
            calls = [n for n in nodes if isinstance(n, ast.Call)]
            self.assertEqual(file.count("ast.calls"), len(calls))
            for attrs, row, call in zip(file.attrs("ast.calls"), file.rows("cst.callsites"), calls):
                stars = sum(isinstance(arg, ast.Starred) for arg in call.args)
                want = {"arg_count": len(call.args), "keyword_count": len(call.keywords)}
                want.update(starred_count=stars, kw_star_count=sum(k.arg is None for k in call.keywords))
                self.assertEqual(attrs, {key: str(value) for key, value in want.items()})
                self.assertEqual(row["arg_count"], len(call.args) + len(call.keywords))
            docs = [
                ast.get_docstring(n).encode("utf-8", "backslashreplace").decode()
                for n in nodes
                if isinstance(n, (*DEFS, ast.Module)) and ast.get_docstring(n) is not None
            ]
            self.assertEqual([r["docstring"] for r in file.rows("ast.docstrings")], docs, file.path)

    def test_definition_attributes(self):
        file = next(f for f in self.nasty if f.path == "scopes.py")
        attrs = dict(zip((r["name"] for r in file.rows("ast.defs")), file.attrs("ast.defs")))
        self.assertEqual(json.loads(attrs["C"]["base_sources"]), ["Base"])
        self.assertEqual(json.loads(attrs["C"]["decorator_sources"]), ["dec(lambda: 0)"])
        self.assertEqual(attrs["C"]["keyword_count"], "2")
        self.assertEqual(json.loads(attrs["__hidden"]["returns_source"]), "[t for t in ts]")
        self.assertEqual(json.loads(attrs["__hidden"]["annotation_sources"]), ["T"])
        self.assertEqual(attrs["dec"]["kwonly_count"], "2")

    def test_type_ignores(self):
        file = next(f for f in self.nasty if f.path == "ignore.py")
        rows = file.rows("ast.type_ignores")
        self.assertEqual([(r["span.start.line0"], r["tag"]) for r in rows], [(0, "[attr]"), (2, "")])
        for row in rows:
            start = row[SPAN + "byte_start"]
            got = file.text(start, start + row[SPAN + "byte_len"])
            self.assertTrue(got.startswith("# type: ignore") and "\n" not in got)


def segment(text, node):
    """ast.get_source_segment without splitting the text again for each node."""
    lines = LINES.get(id(text))
    if lines is None:
        LINES.clear()
        lines = LINES[id(text)] = [line.encode() for line in ast._splitlines_no_ff(text)]
    first, last = node.lineno - 1, node.end_lineno - 1
    if first == last:
        return lines[first][node.col_offset : node.end_col_offset].decode()
    middle = lines[first + 1 : last]
    parts = [lines[first][node.col_offset :], *middle, lines[last][: node.end_col_offset]]
    return b"".join(parts).decode()


LINES = {}


class Names(Extracted):
    def test_name_spans_hold_the_name(self):
        """Everywhere but in the nasty f-strings before 3.12, whose positions CPython guesses."""
        for file in self.every:
            encoding = encoding_of(file)
            for row in file.rows("cst.refs"):
                got = file.data[row["bstart"] : row["bend"]].decode(encoding, "replace")
                name = row["ref_text"].rpartition(".")[2]
                if file.path == "fstring.py" and sys.version_info < (3, 12):
                    self.assertLessEqual(row["bend"], len(file.data))
                else:
                    self.assertEqual(unicodedata.normalize("NFKC", got), name, file.path)
            for row in file.rows("cst.defs"):
                if row["kind"] != "lambda":
                    got = file.data[row["name_bstart"] : row["name_bend"]].decode(encoding)
                    self.assertEqual(unicodedata.normalize("NFKC", got), row["name"], file.path)

    def test_every_name_and_attribute_is_a_ref(self):
        for file in self.every:
            tree = parsed(file)
            if tree is None:
                continue
            want = Counter(
                ("name", n.id, type(n.ctx).__name__) for n in preorder(tree) if isinstance(n, ast.Name)
            )
            rows = [r for r in file.rows("cst.refs") if r["ref_kind"] == "name" and not r["scope_role"]]
            got = Counter((r["ref_kind"], r["ref_text"], r["expr_ctx"]) for r in rows)
            self.assertEqual(got, want, file.path)
            attributes = sum(isinstance(n, ast.Attribute) for n in ast.walk(tree))
            kinds = Counter(r["ref_kind"] for r in file.rows("cst.refs"))
            self.assertEqual(kinds["attribute"], attributes)

    def test_callees(self):
        shapes = {"Name": "NAME", "Attribute": "ATTRIBUTE", "Subscript": "SUBSCRIPT"}
        for file in self.every:
            tree = parsed(file)
            if tree is None:
                continue
            calls = [n for n in preorder(tree) if isinstance(n, ast.Call)]
            for row, call in zip(file.rows("cst.callsites"), calls):
                self.assertEqual(row["callee_shape"], shapes.get(type(call.func).__name__, "OTHER"))
                whole = file.data[row["callee_bstart"] : row["callee_bend"]]
                if len(whole) <= 512 and encoding_of(file) == "utf-8":
                    self.assertEqual(row["callee_text"], whole.decode("utf-8", "ignore"))
                if row["callee_dotted"]:
                    self.assertEqual(row["callee_dotted"], ast.unparse(call.func))

    def test_qualified_names_are_cpythons(self):
        if sys.version_info < (3, 11):
            self.skipTest("code objects have no co_qualname before 3.11")
        for file in self.every:
            try:
                code = compile(file.data, "x", "exec")
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
            if file.path in ("future.py", "generic.py"):
                continue  # what only annotations hold has no code object
            module = file.path[:-3].replace("/", ".").removesuffix(".__init__")
            skip = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "__annotate__"}
            want, stack = set(), [code]
            while stack:
                for const in stack.pop().co_consts:
                    if hasattr(const, "co_code"):
                        stack.append(const)
                        if const.co_name not in skip:
                            want.add(const.co_qualname)
            names = [r["name"] for r in file.rows("cst.defs.qnames")]
            self.assertEqual(names, [r["item"] for r in file.rows("cst.defs.def_fqns")])
            self.assertEqual({name.removeprefix(module + ".") for name in names}, want, file.path)

    def test_containers(self):
        file = next(f for f in self.nasty if f.path == "scopes.py")
        rows = {r["name"]: r for r in file.rows("cst.defs") if r["kind"] != "lambda"}
        self.assertEqual(rows["C"]["container_def_kind"], None)
        self.assertEqual(rows["inner"]["container_def_kind"], "function")
        self.assertEqual(rows["inner"]["container_def_bstart"], rows["__hidden"]["def_bstart"])
        self.assertEqual(rows["__hidden"]["container_def_bstart"], rows["C"]["def_bstart"])


def table_blocks(table, parent=None):
    yield table, parent
    for child in table.get_children():
        yield from table_blocks(child, table)


class Scopes(Extracted):
    def blocks(self):
        for file in self.every:
            rows = file.rows("symtable.blocks")
            if rows:
                top = symtable.symtable(file.data, "x", "exec")
                yield file, rows, [table for table, _ in table_blocks(top)]

    def test_blocks_are_symtables(self):
        count = 0
        for file, rows, tables in self.blocks():
            self.assertEqual([r["name"] for r in rows], [t.get_name() for t in tables])
            self.assertEqual([r["lineno1"] for r in rows], [t.get_lineno() for t in tables])
            kinds = {"module": "MODULE", "function": "FUNCTION", "class": "CLASS"}
            for row, table in zip(rows, tables):
                kind = getattr(table.get_type(), "value", table.get_type())
                self.assertEqual(row["block_type"], kinds.get(kind, row["block_type"]), file.path)
                if row["parent_block_id"] is not None:
                    kids = [t.get_id() for t in tables[row["parent_block_id"]].get_children()]
                    self.assertIn(table.get_id(), kids)
            ids = [r["scope_id"] for r in rows]
            self.assertEqual(len(set(ids)), len(ids), file.path)
            count += len(ids)
        self.assertGreater(count, 500)
        self.assertEqual(ids[0].split(":SCOPE:")[1], "top:0:MODULE:0")

    def test_symbols_are_symtables(self):
        flags = (
            "is_referenced is_imported is_parameter is_global is_nonlocal is_declared_global "
            "is_local is_annotated is_free is_assigned"
        ).split()
        for file, rows, tables in self.blocks():
            symbols = file.rows("symtable.blocks.symbols")
            spaces = file.lists(
                "symtable.blocks.symbols.namespace_block_ids", "symtable.blocks.symbols"
            )
            by_block = {}
            for symbol, space in zip(symbols, spaces):
                by_block.setdefault(symbol["row"], {})[symbol["name"]] = (symbol, space)
            for at, table in enumerate(tables):
                got = by_block.get(at, {})
                self.assertEqual(sorted(got), sorted(table.get_identifiers()))
                for name, (symbol, space) in got.items():
                    want = table.lookup(name)
                    for flag in flags:
                        self.assertEqual(symbol["flags." + flag], getattr(want, flag)(), (file.path, name))
                    named = [t.get_name() for t in want.get_namespaces()]
                    if named:
                        self.assertEqual([rows[kid]["name"] for kid in space], named)
                    self.assertEqual(symbol["flags.is_namespace"], bool(space))
                    self.assertEqual(symbol["namespace_count"], len(space))

    def test_partitions_are_symtables(self):
        prefix = "symtable.blocks."
        for file, rows, tables in self.blocks():
            for part in ("parameters", "locals", "globals", "nonlocals", "frees"):
                lists = file.lists(f"{prefix}function_partitions.{part}", "symtable.blocks")
                for row, table, names in zip(rows, tables, lists):
                    if row["block_type"] == "FUNCTION":
                        self.assertEqual(sorted(names), sorted(getattr(table, "get_" + part)()))
                    else:
                        self.assertEqual(names, [])
            methods = file.lists(prefix + "class_methods", "symtable.blocks")
            for row, table, names in zip(rows, tables, methods):
                if row["block_type"] == "CLASS":
                    with_public = set(table.get_methods())
                    self.assertLessEqual(set(names), with_public | {n for n in names if "__" in n})

    def test_refs_link_to_the_scope_of_evaluation(self):
        """Both ways: each ref is a symbol of its block, and each used symbol has a ref there."""
        for file, rows, _ in self.blocks():
            symbols, used, bound = {}, set(), set()
            for symbol in file.rows("symtable.blocks.symbols"):
                symbols[(rows[symbol["row"]]["scope_id"], symbol["name"])] = symbol
            loose = b"import annotations" in file.data or sys.version_info >= (3, 14)
            merged = comprehension_names(parsed(file))
            for ref, attrs in zip(file.rows("cst.refs"), file.attrs("cst.refs")):
                self.assertEqual(attrs["origin"], "ast")
                if ref["ref_kind"] != "name":
                    continue
                key = (attrs["scope_id"], attrs.get("mangled_name", ref["ref_text"]))
                if loose and key not in symbols:
                    continue
                symbol = symbols[key]
                # CPython 3.12 inlines comprehensions; a name their function has, too, keeps its flags.
                inlined = sys.version_info >= (3, 12) and ref["ref_text"] in merged
                if ref["expr_ctx"] == "Load":
                    used.add(key)
                    if not loose and not inlined:
                        self.assertTrue(symbol["flags.is_referenced"], (file.path, key))
                else:
                    bound.add(key)
                    wanted = ("is_assigned", "is_parameter", "is_type_parameter", "is_nonlocal", "is_declared_global", "is_free")
                    self.assertTrue(inlined or any(symbol["flags." + flag] for flag in wanted), (file.path, key))
            for key, symbol in symbols.items():
                implicit = key[1] in ("__class__", ".0", "__classdict__", ".defaults", ".kwdefaults", ".generic_base", ".type_params", ".format")
                if symbol["flags.is_referenced"] and not implicit and not loose:
                    self.assertIn(key, used, file.path)
                elif symbol["flags.is_parameter"] and not implicit:
                    self.assertIn(key, bound, file.path)

    def test_definitions_own_their_scopes(self):
        for file, rows, _ in self.blocks():
            own, by_id = set(), {row["scope_id"]: row for row in rows}
            for row, attrs in zip(file.rows("cst.defs"), file.attrs("cst.defs")):
                if "own_scope_id" not in attrs:
                    self.assertEqual((file.path, row["kind"]), ("future.py", "lambda"))
                    continue
                block = by_id[attrs["own_scope_id"]]
                self.assertNotIn(block["scope_id"], own)
                own.add(block["scope_id"])
                outer = rows[block["parent_block_id"]]
                if outer["block_type"] == "TYPE_PARAMETERS":
                    outer = rows[outer["parent_block_id"]]
                self.assertEqual(outer["scope_id"], attrs["scope_id"])
                if row["kind"] != "lambda":
                    self.assertEqual(block["name"], row["name"])
            opened = {
                row["scope_id"]
                for row in rows
                if row["block_type"] in ("FUNCTION", "CLASS")
                and row["name"].strip("<>") not in (*COMPREHENSIONS, "genexpr")
            }
            self.assertEqual(own, opened, file.path)

    def test_lambdas_on_one_line_are_told_apart(self):
        """The ties: equal kind, name and line in one block. Their bodies name different things."""
        code = (
            b"def f(a: (lambda: n1) = lambda: d1, *, b: (lambda: n2) = lambda: d2) -> (lambda: r): 0\n"
            b"[(lambda: e) for x in y if (lambda: i)]; {(lambda: k): (lambda: v) for x in (lambda: it)}\n"
            b"[[o for o in p] for q in [s for s in t]], lambda u=lambda: w: (lambda: z)\n"
        )
        (file,) = support.extract(support.PYTHON_PROGRAM, [("ties.py", code)])
        rows = {row["scope_id"]: row["#"] for row in file.rows("symtable.blocks")}
        held = {}
        for symbol in file.rows("symtable.blocks.symbols"):
            held.setdefault(symbol["row"], set()).add(symbol["name"])
        names = [n for n in ast.walk(ast.parse(code)) if isinstance(n, (ast.Name, ast.arg))]
        self.assertEqual(file.count("cst.refs"), len(names))
        for ref, attrs in zip(file.rows("cst.refs"), file.attrs("cst.refs")):
            self.assertIn(ref["ref_text"], held[rows[attrs["scope_id"]]])


class Runs(unittest.TestCase):
    def test_two_runs_are_byte_identical(self):
        data = support.request_of(support.corpus()[:20] + support.nasty()[:20])
        one = support.run_raw(support.PYTHON_PROGRAM, data, PYTHONHASHSEED="1", LC_ALL="C", TZ="UTC")
        two = support.run_raw(
            support.PYTHON_PROGRAM, data, PYTHONHASHSEED="77", LC_ALL="C.UTF-8", TZ="Asia/Tokyo"
        )
        self.assertEqual((one.returncode, one.stderr), (0, b""))
        self.assertGreater(len(one.stdout), 100000)
        self.assertEqual(one.stdout, two.stdout)

    def test_chunking_does_not_change_rows(self):
        files = [(p, d) for p, d in support.nasty() if len(d) < 5000]
        together = support.extract(support.PYTHON_PROGRAM, files)
        for file, pair in zip(together, files):
            (alone,) = support.extract(support.PYTHON_PROGRAM, [pair])
            drop = {name: {k: v for k, v in t.items() if k != "file"} for name, t in file.tables.items()}
            self.assertEqual(
                drop,
                {n: {k: v for k, v in t.items() if k != "file"} for n, t in alone.tables.items()},
            )

    def test_bad_requests_end_with_one_line(self):
        good = support.request_of([("a.py", b"x = 1\n")])
        for data in (good[:-2], b"{]\n", b'{"files":[{"path":"a"}]}\n', b'{"files":', b"[]\n"):
            done = support.run_raw(support.PYTHON_PROGRAM, data)
            self.assertEqual(done.returncode, 2, data)
            self.assertEqual(done.stderr.count(b"\n"), 1)
            self.assertTrue(done.stderr.startswith(b"pinion-extract-python: "))
        done = support.run_raw(support.PYTHON_PROGRAM, b"")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))


class Arrow(unittest.TestCase):
    def setUp(self):
        sys.path.insert(0, str(support.ROOT / "src/extract/python"))
        import px_arrow

        self.arrow = px_arrow
        spec = [("i", "int32"), ("l", "int64"), ("s.t", "utf8"), ("b", "bool")]
        self.table = px_arrow.Table("t", spec)
        self.rows = [(1, None, "\u00e9", True), (None, 2**40, None, None), (-3, 0, "", False)]

    def read(self):
        return support.table_of(self.table.to_ipc())

    def test_round_trip(self):
        self.table.put_rows(self.rows * 11)
        want = {name: [row[at] for row in self.rows * 11] for at, name in enumerate(self.table.columns)}
        self.assertEqual(self.read(), want)
        schema = support.pa.ipc.open_stream(self.table.to_ipc()).schema
        self.assertEqual([str(f.type) for f in schema], ["int32", "int64", "string", "bool"])
        self.assertTrue(all(field.nullable for field in schema))

    def test_empty_and_constant_columns(self):
        self.assertEqual(self.read(), {"i": [], "l": [], "s.t": [], "b": []})
        for name, value in (("i", 7), ("l", 8), ("s.t", "x"), ("b", True)):
            self.table[name].put_const(value, 9)
            self.table[name].put_null(1)
        self.assertEqual(self.read()["s.t"], ["x"] * 9 + [None])
        self.assertEqual(self.read()["b"], [True] * 9 + [None])

    def test_truncate_undoes_rows(self):
        self.table.put_rows(self.rows)
        before = self.table.to_ipc()
        self.table.put_rows([(5, 6, "\U0001f600", None)] * 5)
        self.table.truncate(3)
        self.assertEqual(self.table.to_ipc(), before)

    def test_lone_surrogates_are_escaped(self):
        self.table.put_rows([(1, 1, "\ud800", True)])
        self.assertEqual(self.read()["s.t"], ["\\ud800"])


class Ordinals(unittest.TestCase):
    def test_repeated_spans_are_counted(self):
        sys.path.insert(0, str(support.ROOT / "src/extract/python"))
        import px_rows

        attrs = [[("origin", "ast")] for _ in range(5)]
        px_rows._add_ordinals(attrs, [(1, 2), (1, 3), (1, 2), (4, 5), (1, 2)])
        self.assertEqual([dict(pairs).get("span_ordinal") for pairs in attrs], [None, None, "2", None, "3"])


if __name__ == "__main__":
    support.main()
