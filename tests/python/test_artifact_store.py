"""The artifact store: read by deltalake and DuckDB, whole after a kill, described by its page, and without credentials."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
try:
    import public_tables as tables
    import duckdb
    from deltalake import DeltaTable
except ImportError as missing:
    print(f"the module {missing.name} is not installed (tools/setup.sh)")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
STORE = ".pinion/artifacts"


def run(*words, cwd=None, **environment):
    """Runs the program, whatever becomes of it: exit code, standard output, standard error."""
    done = subprocess.run([tables.program(), *map(str, words)], capture_output=True, text=True, check=False, cwd=cwd,
                          stdin=subprocess.DEVNULL, env={**os.environ, **environment}, timeout=300)
    return done.returncode, done.stdout, done.stderr


class Folder(unittest.TestCase):
    """A fresh folder for each test."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pn-store-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def project(self):
        tables.pinion("-q", "init", self.folder / "shop")
        return self.folder / "shop"


class OtherPrograms(Folder):
    def test_a_build_is_read_by_deltalake_and_duckdb(self):
        shop = self.project()
        for _ in range(2):
            tables.pinion("-q", "-C", shop, "build")
        schemas = json.loads(tables.pinion("--json", "-C", shop, "store", "ls", "--columns"))["tables"]
        columns = {table["table"]: [column["name"] for column in table["columns"]] for table in schemas}
        listed = json.loads(tables.pinion("--json", "-C", shop, "store", "ls"))
        self.assertEqual({"runs", "plans", "executions", "pins", "lineage"}, {row["table"] for row in listed})
        for row in listed:
            with self.subTest(table=row["table"]):
                table = DeltaTable(str(shop / STORE / row["table"]))
                self.assertEqual(table.version(), int(row["version"]))
                self.assertEqual(table.metadata().partition_columns, ["event_date"])
                data = table.to_pyarrow_table()
                self.assertEqual(data.num_rows, int(row["rows"]))
                self.assertEqual(sorted(data.column_names), sorted(columns[row["table"]]))
                self.assertEqual(table.history(1)[0]["pinion.store"], "1")
        runs = DeltaTable(str(shop / STORE / "runs")).to_pyarrow_dataset()
        executions = DeltaTable(str(shop / STORE / "executions")).to_pyarrow_dataset()
        found = duckdb.sql("""select r.label, r.status, e.view_name, e.row_count, e.delta_version,
                                     r.event_date = cast(make_timestamp(r.event_time_unix_ms * 1000) as date)
                              from runs r join executions e using (run_id) order by e.delta_version""").fetchall()
        self.assertIsNotNone(runs)
        self.assertIsNotNone(executions)
        self.assertEqual(found, [("build", "ok", "revenue_by_customer", 2, 0, True),
                                 ("build", "ok", "revenue_by_customer", 2, 1, True)])

    def test_a_graph_build_is_recorded_unless_told(self):
        (self.folder / "src").mkdir()
        (self.folder / "src/a.py").write_text("def f():\n    return 1\n")
        for name, words in (("graph", []), ("silent", ["--no-record"])):
            tables.pinion("-q", "cpg", "build", self.folder / "src", "--out", self.folder / name, *words)
        rows = json.loads(tables.pinion("--json", "-C", self.folder / "graph", "store", "query",
                                        "select label, status from runs"))
        self.assertEqual(rows, [{"label": "cpg build", "status": "ok"}])
        self.assertFalse((self.folder / "silent" / STORE).exists())

    def test_the_day_is_that_of_utc(self):
        shop = self.project()
        tables.pinion("-q", "-C", shop, "build", TZ="Pacific/Kiritimati")
        rows = json.loads(tables.pinion("--json", "-C", shop, "store", "query", "select event_date, event_time_unix_ms "
                                        "from runs", TZ="Pacific/Pago_Pago"))
        day = time.strftime("%Y-%m-%d", time.gmtime(rows[0]["event_time_unix_ms"] / 1000))
        self.assertEqual(rows[0]["event_date"], day)


class Page(Folder):
    def test_the_page_shows_the_schemas(self):
        shown = {}
        for line in (ROOT / "docs/artifact-store.md").read_text(encoding="utf-8").splitlines():
            head = re.fullmatch(r"### `(\w+)`: (.*)", line)
            row = re.fullmatch(r"\| `(\w+)` \| (\S+) \| (\S*) \| (.*) \|", line)
            if head:
                rows = shown[head[1]] = (head[2], [])
            elif row:
                rows[1].append((row[1], row[2], row[3] == "null", row[4]))
        schemas = json.loads(tables.pinion("--json", "store", "ls", "--columns"))
        own = {table["table"]: (table["about"], [(c["name"], c["type"], c["nullable"], c["about"])
                                                 for c in table["columns"] if c["name"] not in COMMON])
               for table in schemas["tables"]}
        common = shown.pop("common")
        first = schemas["tables"][0]["columns"][:3]
        self.assertEqual(common[1], [(c["name"], c["type"], c["nullable"], c["about"]) for c in first])
        self.assertEqual(shown, own)


    def test_its_recipes_run(self):
        shop = self.project()
        tables.pinion("-q", "-C", shop, "build")
        recipes = re.findall(r"^```sql\n(.*?)```", (ROOT / "docs/artifact-store.md").read_text(encoding="utf-8"),
                             re.MULTILINE | re.DOTALL)
        self.assertGreater(len(recipes), 4)
        for recipe in recipes:
            with self.subTest(recipe=recipe):
                tables.pinion("-q", "-C", shop, "store", "query", recipe)


COMMON = ("event_time_unix_ms", "event_date", "run_id")


class Kills(Folder):
    def test_a_build_killed_while_it_records_leaves_whole_tables(self):
        """Killed as soon as the n-th entry appears in the store: the tables open, and the next build adds its rows."""
        shop = self.project()
        tables.pinion("-q", "-C", shop, "build")
        killed = 0
        for n in range(1, 8):
            before = self.entries(shop)
            build = subprocess.Popen([tables.program(), "-q", "-C", str(shop), "build"], stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + 60
            while build.poll() is None and self.entries(shop) < before + n and time.monotonic() < deadline:
                pass
            build.send_signal(signal.SIGKILL)
            killed += build.wait() == -signal.SIGKILL
            for row in json.loads(tables.pinion("--json", "-C", shop, "store", "ls")):
                data = DeltaTable(str(shop / STORE / row["table"])).to_pyarrow_table()
                self.assertEqual(data.num_rows, int(row["rows"]), row["table"])
        self.assertGreater(killed, 2)
        self.assert_the_store_goes_on(shop)

    def test_the_first_build_killed_while_it_makes_the_tables(self):
        for n in range(1, 8, 2):
            shop = self.project()
            build = subprocess.Popen([tables.program(), "-q", "-C", str(shop), "build"], stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while build.poll() is None and self.entries(shop) < n:
                pass
            build.kill()
            build.wait()
            self.assert_the_store_goes_on(shop)
            shutil.rmtree(shop)

    @staticmethod
    def entries(shop):
        return sum(len(files) + len(folders) for _, folders, files in os.walk(shop / STORE))

    def assert_the_store_goes_on(self, shop):
        def count():
            return json.loads(tables.pinion("--json", "-C", shop, "store", "query",
                                            "select count(*) as n from runs"))[0]["n"]
        before = count()
        tables.pinion("-q", "-C", shop, "build")
        self.assertEqual(count(), before + 1)
        tables.pinion("-q", "-C", shop, "store", "gc", "--apply")
        self.assertEqual(count(), before + 1)


SECRETS = {
    "CANARY_KEY": "AKIACANARY0123456789",
    "CANARY_SECRET": "canary/secret+value/with=signs",
    "CANARY_TOKEN": "canary-token-0123456789abcdef",
}
USER = "canaryuser:canarypassword"
SIGNATURE = "canarysignature%2Bxyz%3D"
PROJECT = """version: 1
profile: dev
datasets:
  orders:
    format: csv
    uri: data/orders.csv
  local:
    format: delta
    uri: made
    optional: true
    schema: {{k: int64}}
    storage_options: {{aws_access_key_id: "${{env:CANARY_KEY}}", aws_region: eu-west-1,
                      aws_secret_access_key: "${{env:CANARY_SECRET}}", aws_session_token: "${{env:CANARY_TOKEN}}"}}
  far:
    format: delta
    uri: "s3://{user}@bucket/table?region=eu-west-1&sig={signature}"
    storage_options: {{token: "${{env:CANARY_TOKEN}}"}}
  blob:
    format: parquet
    uri: "az://container/{long}/data.parquet?sv=2024&sig={signature}"
outputs:
  - view: totals
    uri: out/totals
    storage_options: {{aws_secret_access_key: "${{env:CANARY_SECRET}}"}}
"""
FAR_OUTPUT = """  - view: totals
    uri: "s3://{user}@bucket/out?sig={signature}"
    storage_options: {{aws_secret_access_key: "${{env:CANARY_SECRET}}"}}
"""


class Canary(Folder):
    """Secrets in storage options, URIs, the environment and settings; then everything said and written is searched."""

    WORDS = list(SECRETS.values()) + USER.split(":") + ["canarysignature"]

    def make(self, name, far=False, **secrets):
        shop = self.folder / name
        (shop / "views").mkdir(parents=True)
        (shop / "data").mkdir()
        (shop / "data/orders.csv").write_text("k,v\n1,2\n3,4\n")
        (shop / "views/totals.sql").write_text("select k, sum(v) as s from orders where k not in (select k from local) "
                                               "group by k")
        words = {"user": USER, "signature": SIGNATURE, "long": "long" * 60, **secrets}
        (shop / "pinion.yaml").write_text((PROJECT + (FAR_OUTPUT if far else "")).format(**words))
        return shop

    def everything(self, folder):
        """Bytes of all files but the project file, which is where the secrets stand."""
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name != "pinion.yaml":
                yield str(path.relative_to(folder)), path.read_bytes()
        for path in sorted((folder / STORE).glob("*")):
            yield f"rows of {path.name}", str(DeltaTable(str(path)).to_pyarrow_table().to_pylist()).encode()

    def assert_clean(self, where, data):
        for word in self.WORDS:
            # A piece is as bad as the whole: messages are cut.
            for piece in (word, word[:10], word[-10:]):
                self.assertNotIn(piece.encode(), data, f"'{word}' in {where}")

    def commands(self):
        yield from (["plan"], ["--json", "plan"], ["ls"], ["--json", "ls"], ["ls", "--settings"], ["check"])
        yield ["build"]
        yield ["build", "totals"]
        yield ["--json", "build"]
        yield ["run", "-c", "select * from totals", "-o", "rows.parquet"]
        yield ["run", "-c", "select * from local"]
        yield ["run", "-c", "select * from far"]
        yield ["run", "-c", "select * from far", "-o", "far.csv"]
        yield ["--json", "run", "-c", "select * from blob"]
        yield ["run", "-c", "select nope from local"]
        yield ["explain", "totals"]
        yield ["--json", "explain", "totals", "--all"]
        yield ["why", "totals"]
        yield ["--json", "diff", "totals", "totals"]
        yield ["lineage", "totals", "s"]
        yield ["ls", "--columns"]
        yield ["--set", f"datafusion.no.such={SECRETS['CANARY_TOKEN']}", "plan"]
        yield ["--set", f"aws_secret_access_key={SECRETS['CANARY_SECRET']}", "build"]
        yield ["--set", f"datafusion.catalog.location=s3://{USER}@bucket?sig={SIGNATURE}", "ls", "--settings"]
        yield ["--set", f"datafusion.catalog.location=s3://{USER}@bucket?sig={SIGNATURE}", "build"]
        yield ["--set", f"datafusion.catalog.location=s3://{USER}@bucket?sig={SIGNATURE}", "--json", "explain",
               "totals", "--all"]
        yield ["doctor"]
        yield ["store", "ls"]
        yield ["store", "query", "select * from runs"]
        yield ["store", "query", "select * from executions"]
        yield ["store", "query", "select * from pins"]
        yield ["store", "query", "select * from diagnostics"]
        yield ["store", "export", "-o", "export", "--format", "jsonlines"]

    def test_no_secret_is_said_or_written(self):
        shop = self.make("shop")
        failed = 0
        for words in self.commands():
            code, out, err = run("-v", *words, cwd=shop, **SECRETS, TMPDIR=str(self.folder))
            failed += code != 0
            self.assert_clean(" ".join(words), (out + err).encode())
        self.assertGreater(failed, 4, "the error paths were not walked")
        far = self.make("elsewhere", far=True)
        code, out, err = run("-v", "build", cwd=far, **SECRETS)
        self.assertNotEqual(code, 0)
        self.assertIn("s3://***@bucket/out?sig=***", err)
        self.assert_clean("build of a far output", (out + err).encode())
        for folder in (shop, far):
            self.assertTrue((folder / STORE / "runs").exists())
            for name, data in self.everything(folder):
                self.assert_clean(name, data)

    def test_the_canary_is_found_where_it_is(self):
        """The search itself: it must fail on a file that holds a secret."""
        with self.assertRaises(AssertionError):
            self.assert_clean("a file", f"x{SECRETS['CANARY_TOKEN'][:10]}".encode())

    def test_rotating_a_secret_changes_no_fingerprint(self):
        def fingerprints(shop, secrets):
            code, out, err = run("--json", "plan", cwd=shop, **secrets)
            self.assertEqual(code, 0, err)
            return [(view["name"], view["fingerprint"]) for view in json.loads(out)["views"]]
        other = {name: value[::-1] + "rotated" for name, value in SECRETS.items()}
        one = fingerprints(self.make("one"), SECRETS)
        self.assertTrue(one)
        self.assertEqual(one, fingerprints(self.folder / "one", other))
        self.assertEqual(one, fingerprints(self.make("two", user="other:pass", signature="other"), other))

    def test_the_environment_reaches_storage_options_only(self):
        shop = self.make("shop")
        text = (shop / "pinion.yaml").read_text()
        (shop / "pinion.yaml").write_text(text.replace("    uri: data/orders.csv\n",
                                                       "    uri: data/orders.csv\n    options: {quote: \"${env:CANARY_KEY}\"}\n"))
        code, _, err = run("plan", cwd=shop, **SECRETS)
        self.assertEqual(code, 2)
        self.assertIn("storage_options only", err)


if __name__ == "__main__":
    if tables.program() is None:
        print("the program is not built (PN_BIN)")
        sys.exit(77)
    unittest.main(verbosity=2)
