"""The tree-sitter extractor against py-tree-sitter and its own invariants."""

import hashlib
import unittest

import support

try:
    import tree_sitter
    import tree_sitter_python
except ImportError:
    tree_sitter = None

PROGRAM = support.treesitter_program()
SPAN = "span.byte_span."


def identity(prefix, *parts):
    text = "\x1f".join(map(str, parts)).encode()
    return f"{prefix}:{hashlib.blake2b(text, digest_size=16).hexdigest()}"


def span_of(row):
    return row[SPAN + "byte_start"], row[SPAN + "byte_start"] + row[SPAN + "byte_len"]


def preorder(tree):
    cursor = tree.walk()
    while True:
        yield cursor.node
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


@unittest.skipUnless(PROGRAM, "pinion-extract-treesitter is not built")
class Trees(unittest.TestCase):
    every = ()

    @classmethod
    def setUpClass(cls):
        if not Trees.every:
            Trees.every = support.extract(PROGRAM, support.corpus() + support.nasty())

    def test_no_file_is_lost(self):
        self.assertEqual({file.status["status"] for file in self.every}, {"ok"})
        for file in self.every:
            self.assertEqual(file.count("ts.stats"), 1, file.path)
            self.assertGreater(file.count("ts.nodes"), 0, file.path)

    def test_ids_are_unique_and_made_by_the_recipe(self):
        for file in self.every:
            seen, ids = {}, set()
            for row in file.rows("ts.nodes"):
                start, end = span_of(row)
                key = (start, end, row["kind"])
                ordinal = seen.get(key, 0)
                seen[key] = ordinal + 1
                parts = (file.path, *key, ordinal) if ordinal else (file.path, *key)
                self.assertEqual(row["node_id"], identity("ts_node", *parts))
                ids.add(row["node_id"])
            self.assertEqual(len(ids), file.count("ts.nodes"))
            for table, column in (("ts.errors", "error_id"), ("ts.missing", "missing_id")):
                found = [row[column] for row in file.rows(table)]
                self.assertEqual(len(set(found)), len(found))
                for row in file.rows(table)[:1]:
                    prefix = column.replace("_id", "")
                    want = identity("ts_" + prefix, file.path, *span_of(row))
                    self.assertEqual(row[column], want)

    def test_edges_are_the_tree(self):
        for file in self.every:
            nodes = file.rows("ts.nodes")
            self.assertEqual([row["node_uid"] for row in nodes], list(range(len(nodes))))
            self.assertIsNone(nodes[0]["parent_id"])
            edges = file.rows("ts.edges")
            want = [(row["parent_id"], row["node_id"]) for row in nodes[1:]]
            self.assertEqual([(row["parent_id"], row["child_id"]) for row in edges], want)
            counts = {}
            for row in edges:
                at = counts.get(row["parent_id"], 0)
                self.assertEqual(row["child_index"], at)
                counts[row["parent_id"]] = at + 1

    def test_spans_lie_in_the_file_and_in_the_parent(self):
        for file in self.every:
            by_id = {}
            for row in file.rows("ts.nodes"):
                start, end = by_id[row["node_id"]] = span_of(row)
                self.assertTrue(0 <= start <= end <= len(file.data), file.path)
                if row["parent_id"]:
                    outer = by_id[row["parent_id"]]
                    self.assertTrue(outer[0] <= start and end <= outer[1], file.path)

    def test_stats_errors_and_missing_count_the_nodes(self):
        broken = set()
        for file in self.every:
            (stats,) = file.rows("ts.stats")
            nodes = file.rows("ts.nodes")
            self.assertIsNone(stats["parse_ms"])
            want = {"node_count": len(nodes)}
            for name in ("named", "error", "missing"):
                want[name + "_count"] = sum(row[f"flags.is_{name}"] for row in nodes)
            self.assertEqual({key: stats[key] for key in want}, want)
            self.assertEqual(file.count("ts.errors"), want["error_count"])
            self.assertEqual(file.count("ts.missing"), want["missing_count"])
            problems = {row["node_id"] for row in nodes if row["flags.is_error"]}
            self.assertEqual({row["node_id"] for row in file.rows("ts.errors")}, problems)
            if want["error_count"] or want["missing_count"]:
                broken.add(file.path)
        self.assertLessEqual({"brackets.py", "syntax.py", "null.py"}, broken)
        self.assertTrue(all("/" not in path for path in broken), broken)

    @unittest.skipUnless(tree_sitter, "the package tree-sitter-python is not installed")
    def test_nodes_are_those_of_py_tree_sitter(self):
        parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_python.language()))
        for file in self.every:
            rows = file.rows("ts.nodes")
            count = 0
            for row, node in zip(rows, preorder(parser.parse(file.data))):
                got = (row["kind"], row["kind_id"], row["grammar_id"], row["grammar_name"])
                want = (node.type, node.kind_id, node.grammar_id, node.grammar_name)
                self.assertEqual(got, want, file.path)
                self.assertEqual(span_of(row), (node.start_byte, node.end_byte))
                place = (row["span.start.line0"], row["span.start.col"])
                self.assertEqual(place, tuple(node.start_point))
                self.assertEqual((row["span.end.line0"], row["span.end.col"]), tuple(node.end_point))
                for flag in ("is_named", "has_error", "is_error", "is_missing", "is_extra"):
                    self.assertEqual(row["flags." + flag], getattr(node, flag))
                count += 1
            self.assertEqual(count, len(rows), file.path)

    @unittest.skipUnless(tree_sitter, "the package tree-sitter-python is not installed")
    def test_field_names_are_those_of_py_tree_sitter(self):
        parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_python.language()))
        for file in self.every:
            cursor = parser.parse(file.data).walk()
            fields, more = [], cursor.goto_first_child()
            while more:
                fields.append(cursor.field_name)
                more = cursor.goto_first_child() or cursor.goto_next_sibling()
                while not more and cursor.goto_parent():
                    more = cursor.goto_next_sibling()
            self.assertEqual([row["field_name"] for row in file.rows("ts.edges")], fields)


@unittest.skipUnless(PROGRAM, "pinion-extract-treesitter is not built")
class Runs(unittest.TestCase):
    def test_two_runs_are_byte_identical(self):
        data = support.request_of(support.corpus()[:20] + support.nasty())
        one = support.run_raw(PROGRAM, data, LC_ALL="C", TZ="UTC", MALLOC_PERTURB_="1")
        two = support.run_raw(PROGRAM, data, LC_ALL="C.UTF-8", TZ="Asia/Tokyo", MALLOC_PERTURB_="254")
        self.assertEqual((one.returncode, one.stderr), (0, b""))
        self.assertGreater(len(one.stdout), 100000)
        self.assertEqual(one.stdout, two.stdout)

    def test_depth_costs_no_stack(self):
        data = b"x = " + b"(" * 100000 + b"1" + b")" * 100000
        (file,) = support.extract(PROGRAM, [("deep.py", data)])
        self.assertEqual(file.status["status"], "ok")
        self.assertGreater(file.count("ts.nodes"), 200000)

    def test_a_file_over_the_limit_is_refused_alone(self):
        big = b"#" * ((64 << 20) + 1)
        files = support.extract(PROGRAM, [("big.py", big), ("ok.py", b"x = 1\n")])
        self.assertEqual([file.status["status"] for file in files], ["error", "ok"])
        self.assertEqual(files[0].status["error_type"], "LIMIT")
        self.assertIn("big.py", files[0].status["message"])
        self.assertEqual((files[0].count("ts.nodes"), files[0].count("ts.stats")), (0, 0))

    def test_bad_requests_end_with_one_line(self):
        good = support.request_of([("a.py", b"x = 1\n")])
        huge = b'{"files":[{"path":"a","size":9999999999999}]}\n'
        for data in (good[:-2], b"{]\n", b'{"files":[{"path":"a"}]}\n', b'{"files":', b"[]\n", huge):
            done = support.run_raw(PROGRAM, data)
            self.assertEqual(done.returncode, 2, data)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
            self.assertTrue(done.stderr.startswith(b"pinion-extract-treesitter: PN"))
        done = support.run_raw(PROGRAM, b"")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))


if __name__ == "__main__":
    support.main()
