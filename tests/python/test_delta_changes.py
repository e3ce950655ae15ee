#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Changes and files of Delta tables in SQL, beside what deltalake reads of the same tables.

The tables are written by deltalake: inserts, updates, deletes and merges with partitions, and commits without changes.
"""
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

try:
    import pyarrow as pa
    import pyarrow.ipc
    from deltalake import DeltaTable, write_deltalake
except ImportError as missing:
    print(f"the module {missing.name} is not installed (tools/setup.sh)")
    sys.exit(77)

FEED = {"delta.enableChangeDataFeed": "true"}
SYSTEM = ["_change_type", "_commit_version", "_commit_timestamp"]


def write_history(uri):
    """Seven versions: 5 changes properties, 6 removes a partition."""
    def wait():
        time.sleep(0.003)  # commits are told apart by their time in milliseconds

    first = {"id": [1, 2, 3, 4], "part": ["a", "a", "b", "b"], "v": [1.0, 2.0, None, 4.0]}
    write_deltalake(uri, pa.table(first), partition_by=["part"], configuration=FEED)
    wait()
    DeltaTable(uri).update(predicate="id = 1", updates={"v": "10.0"})
    wait()
    DeltaTable(uri).delete("id = 2")
    wait()
    merge = DeltaTable(uri).merge(pa.table({"id": [3, 9], "part": ["b", "c"], "v": [33.0, 9.0]}),
                                  "t.id = s.id", "s", "t")
    merge.when_matched_update_all().when_not_matched_insert_all().execute()
    wait()
    write_deltalake(uri, pa.table({"id": [7], "part": ["z"], "v": [7.0]}), mode="append")
    wait()
    DeltaTable(uri).alter.set_table_properties({"delta.logRetentionDuration": "interval 30 days"})
    wait()
    DeltaTable(uri).delete("part = 'b'")


def counted(table):
    """The rows as a multiset, whatever the order of rows and columns."""
    rows = table if isinstance(table, list) else table.to_pylist()
    return collections.Counter(str(sorted(row.items())) for row in rows)


def feed(uri, **window):
    return pa.table(DeltaTable(uri).load_cdf(**window))


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        (cls.folder / "pinion.yaml").write_text("version: 1\n")
        cls.uri = str(cls.folder / "t")
        write_history(cls.uri)
        cls.latest = DeltaTable(cls.uri).version()

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def pinion(self, *words, **environment):
        return subprocess.run([os.environ["PN_BIN"], "-q", "-C", self.folder, *words], capture_output=True, text=True,
                              check=False, timeout=300, env={**os.environ, **environment})

    def query(self, sql):
        target = self.folder / "out.arrows"
        done = self.pinion("run", "--no-record", "-c", sql, "-o", target)
        self.assertEqual(done.returncode, 0, f"{sql}\n{done.stderr}")
        return pa.ipc.open_stream(target).read_all()

    def refused(self, sql, number, *words, **environment):
        done = self.pinion("run", "--no-record", "-c", sql, **environment)
        self.assertNotEqual(done.returncode, 0, sql)
        for word in (f"PN{number}", *words):
            self.assertIn(word, done.stderr, sql)


class Feed(Case):
    def test_every_window_of_versions(self):
        for start in range(self.latest + 1):
            for end in range(start, self.latest + 1):
                got = self.query(f"SELECT * FROM read_delta_cdf('t', {start}, {end})")
                want = feed(self.uri, starting_version=start, ending_version=end)
                self.assertEqual(counted(got), counted(want), (start, end))
                self.assertEqual(got.column_names[-3:], SYSTEM)

    def test_from_the_first_to_the_latest_when_nothing_is_said(self):
        got = self.query("SELECT * FROM delta_cdf_scan('t')")
        self.assertEqual(counted(got), counted(feed(self.uri)))
        self.assertGreater(got.num_rows, 12)
        self.assertEqual(set(got.column("_change_type").to_pylist()),
                         {"insert", "delete", "update_preimage", "update_postimage"})

    def test_times_are_those_of_the_commits(self):
        whole = feed(self.uri).to_pylist()
        times = {entry["version"]: entry["timestamp"] for entry in DeltaTable(self.uri).history()}
        self.assertEqual(len(set(times.values())), self.latest + 1)
        text = {version: f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(ms // 1000))}.{ms % 1000:03}Z"
                for version, ms in times.items()}
        for start, end in [(0, 6), (1, 3), (3, 3), (4, 6)]:
            want = [row for row in whole if start <= row["_commit_version"] <= end]
            for window in [f"start_timestamp => '{text[start]}', end_timestamp => '{text[end]}'",
                           f"start_version => {start}, end_timestamp => '{text[end]}'",
                           f"start_timestamp => '{text[start]}', end_version => {end}"]:
                got = self.query(f"SELECT * FROM delta_cdf_scan('t', {window})")
                self.assertEqual(counted(got), counted(want), window)
        self.assertEqual(counted(self.query(f"SELECT * FROM read_delta_cdf('t', end_timestamp => '{text[2]}')")),
                         counted(feed(self.uri, starting_version=0, ending_timestamp=text[2])))

    def test_filters_columns_and_limits(self):
        whole = feed(self.uri).to_pylist()
        for condition, keep in [
                ("_change_type = 'insert'", lambda row: row["_change_type"] == "insert"),
                ("part = 'b'", lambda row: row["part"] == "b"),
                ("part IN ('a', 'z') AND v > 5", lambda row: row["part"] in "az" and (row["v"] or 0) > 5),
                ("v IS NULL", lambda row: row["v"] is None),
                ("_commit_version > 3 AND id < 8", lambda row: row["_commit_version"] > 3 and row["id"] < 8)]:
            want = sorted((row["_commit_version"], row["id"]) for row in whole if keep(row))
            self.assertTrue(want, condition)
            got = self.query(f"SELECT _commit_version AS c, id FROM read_delta_cdf('t') WHERE {condition} ORDER BY 1, 2")
            self.assertEqual(list(zip(*(column.to_pylist() for column in got.columns))), want, condition)
            count = self.query(f"SELECT count(*) AS n FROM read_delta_cdf('t') WHERE {condition}")
            self.assertEqual(count.column("n").to_pylist(), [len(want)], condition)
        self.assertEqual(self.query("SELECT id FROM read_delta_cdf('t', \"limit\" => 3)").num_rows, 3)
        ranks = self.query("SELECT DISTINCT cdf_change_rank(_change_type) AS r FROM read_delta_cdf('t') ORDER BY 1")
        self.assertEqual(ranks.column("r").to_pylist(), [0, 1, 2, 3])

    def test_windows_without_changes_are_empty(self):
        for sql in ["SELECT count(*) AS n FROM read_delta_cdf('t', 5, 5)",
                    "SELECT count(*) AS n FROM read_delta_cdf('t', 7, allow_out_of_range => true)",
                    "SELECT count(id) AS n FROM read_delta_cdf('t', 9, 20, allow_out_of_range => true) WHERE v > 1",
                    "SELECT count(*) AS n FROM read_delta_cdf('t', end_timestamp => '2001-01-01T00:00:00Z', "
                    "allow_out_of_range => true)"]:
            self.assertEqual(self.query(sql).column("n").to_pylist(), [0], sql)
        self.assertEqual(self.query("SELECT * FROM read_delta_cdf('t', 5, 5)").num_rows, 0)
        # With more threads the plan spreads rows between limit and scan, which takes scans without partitions.
        (self.folder / "pinion.yaml").write_text("version: 1\nsettings: {target_partitions: 1}\n")
        for sql in ["SELECT count(*) AS n FROM read_delta_cdf('t', 5, 5, \"limit\" => 3)",
                    "SELECT count(*) AS n FROM (SELECT id FROM read_delta_cdf('t', 5, 5) LIMIT 3)"]:
            self.assertEqual(self.query(sql).column("n").to_pylist(), [0], sql)
        (self.folder / "pinion.yaml").write_text("version: 1\n")
        got = self.query("SELECT * FROM read_delta_cdf('t', 6, 99, allow_out_of_range => true)")
        self.assertEqual(counted(got), counted(feed(self.uri, starting_version=6)))


class Files(Case):
    def test_files_are_those_of_the_version(self):
        for version in range(self.latest + 1):
            got = self.query(f"SELECT * FROM delta_add_actions('t', {version})").to_pylist()
            flat = pa.table(DeltaTable(self.uri, version=version).get_add_actions(flatten=True)).to_pylist()
            want = {row["path"]: row for row in flat}
            self.assertEqual([row["path"] for row in got], sorted(want), version)
            for row in got:
                wanted, stats = want[row["path"]], json.loads(row["stats"])
                self.assertEqual((row["version"], row["table_uri"]), (version, self.uri))
                self.assertEqual(row["size"], wanted["size_bytes"])
                self.assertEqual(row["size"], os.path.getsize(os.path.join(self.uri, row["path"])))
                self.assertEqual(row["modification_time"], wanted["modification_time"])
                self.assertEqual(json.loads(row["partition_values_json"]), {"part": wanted["partition.part"]})
                self.assertEqual(stats["numRecords"], wanted["num_records"])
                for column in ("id", "v"):
                    self.assertEqual(stats["minValues"].get(column), wanted[f"min.{column}"])
                    self.assertEqual(stats["maxValues"].get(column), wanted[f"max.{column}"])
                    self.assertEqual(stats["nullCount"][column], wanted[f"null_count.{column}"])
                self.assertIsNone(row["data_change"])

    def test_files_of_a_table_without_rows(self):
        write_deltalake(str(self.folder / "empty"), pa.table({"id": pa.array([], pa.int64())}))
        DeltaTable(str(self.folder / "empty")).delete()
        self.assertEqual(self.query("SELECT count(*) AS n FROM delta_add_actions('empty')").to_pylist(), [{"n": 0}])
        self.refused("SELECT * FROM delta_add_actions('empty', 9)", 4010)


class Refusals(Case):
    def test_windows_outside_of_the_history(self):
        self.refused("SELECT * FROM read_delta_cdf('t', 7)", 4131, "version 6")
        self.refused("SELECT * FROM read_delta_cdf('t', 2, 7)", 4131, "versions 2 to 7")
        self.refused("SELECT * FROM read_delta_cdf('t', 3, 2)", 4131, "versions 3 to 2")
        self.refused("SELECT * FROM read_delta_cdf('t', start_timestamp => '2200-01-01T00:00:00Z')", 4131)
        self.refused("SELECT * FROM read_delta_cdf('t', 1, start_timestamp => '2001-01-01T00:00:00Z')", 4130,
                     "start_version and start_timestamp")
        self.refused("SELECT * FROM read_delta_cdf('none')", 4006)

    def test_what_was_not_recorded(self):
        uri = str(self.folder / "late")
        rows = pa.table({"id": [1]})
        write_deltalake(uri, rows)
        write_deltalake(uri, rows, mode="append")
        self.refused("SELECT * FROM read_delta_cdf('late')", 4132, "version 0")
        DeltaTable(uri).alter.set_table_properties(FEED)
        write_deltalake(uri, rows, mode="append")
        self.refused("SELECT * FROM read_delta_cdf('late')", 4132, "version 0")
        self.refused("SELECT * FROM read_delta_cdf('late', 1, 3)", 4132, "version 1")
        self.assertEqual(self.query("SELECT id FROM read_delta_cdf('late', 2)").num_rows, 1)
        DeltaTable(uri).alter.set_table_properties({"delta.enableChangeDataFeed": "false"})
        self.refused("SELECT * FROM read_delta_cdf('late', 2)", 4132, "version 4")
        self.assertEqual(self.query("SELECT id FROM read_delta_cdf('late', 2, 3)").num_rows, 1)

    def test_commits_that_are_gone(self):
        uri = str(self.folder / "old")
        for mode in ("error", "append", "append"):
            write_deltalake(uri, pa.table({"id": [1]}), mode=mode, configuration=FEED if mode == "error" else None)
        DeltaTable(uri).create_checkpoint()
        pathlib.Path(uri, "_delta_log", f"{0:020}.json").unlink()
        pathlib.Path(uri, "_delta_log", f"{1:020}.json").unlink()
        self.assertEqual(self.query("SELECT id FROM read_delta_cdf('old', 2)").num_rows, 1)
        self.refused("SELECT * FROM read_delta_cdf('old', 1)", 4131, "is gone")
        self.refused("SELECT * FROM read_delta_cdf('old', start_timestamp => '2001-01-01T00:00:00Z')", 4131, "is gone")

    def test_policies(self):
        self.refused("SELECT * FROM read_delta_cdf('t')", 5163, PINION_SQL_POLICY="read_only")
        self.refused("SELECT * FROM read_delta_cdf('../t')", 5163, "outside the project")


class Pins(Case):
    def declare(self, options):
        (self.folder / "views").mkdir(exist_ok=True)
        (self.folder / "views/changed.sql").write_text("SELECT id, _change_type, _commit_version FROM changes\n")
        dataset = {"format": "delta_cdf", "uri": "t", "options": options}
        (self.folder / "pinion.yaml").write_text(json.dumps({"version": 1, "datasets": {"changes": dataset}}))

    def plan(self):
        done = self.pinion("--json", "plan")
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_a_window_is_what_it_resolves_to(self):
        self.declare({})
        whole = self.plan()
        self.declare({"start_version": 0, "end_version": self.latest})
        self.assertEqual(self.plan(), whole)
        self.declare({"start_version": 0, "end_version": 99, "allow_out_of_range": True})
        self.assertEqual(self.plan(), whole)
        self.declare({"start_timestamp": "2001-01-01T00:00:00Z", "end_version": self.latest})
        self.assertEqual(self.plan(), whole)
        self.declare({"start_version": 1})
        self.assertNotEqual(self.plan(), whole)
        done = self.pinion("--json", "explain", "changed", "--artifact", "cdf_windows")
        self.assertEqual(done.returncode, 0, done.stderr)
        window, = json.loads(done.stdout)["value"]
        self.assertEqual((window["dataset"], window["start_version"], window["end_version"]),
                         ("changes", "1", str(self.latest)))

    def test_replay_reads_the_window_again(self):
        fixed, open_end = self.folder / "fixed.pnb", self.folder / "open.pnb"
        self.declare({"start_version": 1, "end_version": 4})
        self.assertEqual(self.pinion("bundle", "export", "changed", "-o", fixed).returncode, 0)
        write_deltalake(self.uri, pa.table({"id": [8], "part": ["z"], "v": [8.0]}), mode="append")
        done = self.pinion("replay", fixed)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.declare({"start_version": 1})
        self.assertEqual(self.pinion("bundle", "export", "changed", "-o", open_end).returncode, 0)
        self.assertEqual(self.pinion("replay", open_end).returncode, 0)
        DeltaTable(self.uri).delete("id = 8")
        done = self.pinion("replay", open_end)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("PN6026", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
