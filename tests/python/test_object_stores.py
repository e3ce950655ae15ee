"""Datasets and outputs on S3: what is read and written, pins, drift, writers at once, errors, and credentials nowhere."""
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
try:
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet
    from deltalake import DeltaTable
    from s3_server import KEY, REGION, SECRET, S3Server
except ImportError as missing:
    print(f"the module {missing.name} is not installed (tools/setup.sh)")
    sys.exit(77)

PROGRAM = os.environ.get("PN_BIN", "")
TABLE = pa.table({"k": pa.array([1, 2, 3], pa.int64()), "v": ["a", "b", "c"]})
ROWS = "k,v\n1,a\n2,b\n3,c\n"


def setUpModule():
    global SERVER
    SERVER = S3Server()


def tearDownModule():
    SERVER.stop()


def encoded(form):
    """TABLE in a format of files."""
    out = io.BytesIO()
    if form == "parquet":
        pa.parquet.write_table(TABLE, out)
    elif form == "csv":
        return ROWS.encode()
    elif form == "json":
        return "".join(json.dumps(row) + "\n" for row in TABLE.to_pylist()).encode()
    else:
        with pa.ipc.new_file(out, TABLE.schema) as writer:
            writer.write_table(TABLE)
    return out.getvalue()


class OnS3(unittest.TestCase):
    """A bucket and a project folder of its own for each test."""

    count = 0

    def setUp(self):
        OnS3.count += 1
        SERVER.obeys_conditions, SERVER.is_silent = True, False
        SERVER.fails = SERVER.fails_afterwards = lambda environ: False
        self.bucket = SERVER.bucket(f"lake-{OnS3.count}")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pn-s3-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def options(self, **changes):
        options = {"aws_access_key_id": "${env:CANARY_KEY}", "aws_secret_access_key": "${env:CANARY_SECRET}",
                   "region": REGION, "endpoint": SERVER.endpoint, "allow_http": True, "retry_timeout": 5, **changes}
        return {name: value for name, value in options.items() if value is not None}

    def project(self, datasets=None, outputs=(), views=None, folder="p"):
        """YAML reads JSON: datasets and outputs are given the options of the server when they have none."""
        root = self.folder / folder
        (root / "views").mkdir(parents=True, exist_ok=True)
        for name, sql in (views or {}).items():
            (root / f"views/{name}.sql").write_text(sql)
        datasets, outputs = dict(datasets or {}), [dict(output) for output in outputs]
        for entry in [*datasets.values(), *outputs]:
            entry["uri"] = entry["uri"].replace("BUCKET", self.bucket)
            if entry["uri"].startswith("s3"):
                entry.setdefault("storage_options", self.options())
        document = {"version": 1, "name": "lake", "profile": "dev", "datasets": datasets, "outputs": outputs}
        (root / "pinion.yaml").write_text(json.dumps(document))
        return root

    def run_pinion(self, root, *words, **environment):
        """Exit code, standard output and error; whatever happens, neither holds a secret."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment = {"CANARY_KEY": KEY, "CANARY_SECRET": SECRET, "NO_PROXY": "127.0.0.1", **environment}
        done = subprocess.run([PROGRAM, "-C", str(root), *map(str, words)], capture_output=True, text=True,
                              check=False, stdin=subprocess.DEVNULL, env={**plain, **environment}, timeout=120)
        for secret in (KEY, SECRET):
            self.assertNotIn(secret, done.stdout + done.stderr)
        return done.returncode, done.stdout, done.stderr

    def ok(self, root, *words, **environment):
        code, out, err = self.run_pinion(root, *words, **environment)
        self.assertEqual(code, 0, err)
        return out

    def fails(self, root, *words, number, **environment):
        code, _, err = self.run_pinion(root, *words, **environment)
        self.assertNotEqual(code, 0)
        self.assertIn(f"[{number}]", err)
        return err

    def rows(self, root, sql="select k, v from d order by k", **environment):
        return self.ok(root, "-q", "run", "--format", "csv", "--no-record", "-c", sql, **environment)

    def fingerprints(self, root, **environment):
        views = json.loads(self.ok(root, "--json", "plan", **environment))["views"]
        return {view["name"]: view["fingerprint"] for view in views}

    def delta(self, path, **arguments):
        """The table as another program sees it."""
        options = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": REGION,
                   "AWS_ENDPOINT_URL": SERVER.endpoint, "AWS_ALLOW_HTTP": "true"}
        return DeltaTable(f"s3://{self.bucket}/{path}", storage_options=options, **arguments)


class Reads(OnS3):
    def test_every_format_as_object_and_as_folder(self):
        for form in ("parquet", "csv", "json", "arrow"):
            SERVER.put(self.bucket, f"one/x.{form}", encoded(form))
            SERVER.put(self.bucket, f"all/{form}/a b%20ä/x.{form}", encoded(form))
            SERVER.put(self.bucket, f"all/{form}/_skipped.{form}", b"?")
            SERVER.put(self.bucket, f"all/{form}/readme.txt", b"?")
            SERVER.put(self.bucket, f"all/{form}/", b"")
            for uri in (f"s3://BUCKET/one/x.{form}", f"s3a://BUCKET/all/{form}", f"s3://BUCKET/all/{form}/"):
                with self.subTest(uri=uri):
                    root = self.project({"d": {"format": form, "uri": uri}})
                    self.assertEqual(self.rows(root), ROWS)

    def test_hive_folders_and_a_declared_schema(self):
        for year in (2023, 2024):
            SERVER.put(self.bucket, f"h/year={year}/x.csv", f"k\n{year}\n".encode())
        root = self.project({"d": {"format": "csv", "uri": "s3://BUCKET/h", "schema": {"k": "int32"}}})
        self.assertEqual(self.rows(root, "select sum(k) as s, arrow_typeof(sum(k)) as t from d"), "s,t\n4047,Int64\n")

    def test_a_delta_table_at_version_and_time(self):
        views = {"v": "select * from (values (1, 'a'), (2, 'b'), (3, 'c')) as t(k, v)"}
        output = {"view": "v", "uri": "s3://BUCKET/deep/t", "mode": "append"}
        writer = self.project(outputs=[output], views=views, folder="writer")
        self.ok(writer, "build")
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
        time.sleep(2.5)  # a store tells whole seconds, cut off: the next commit's is past the moment
        self.ok(writer, "build")
        at = {"format": "delta", "uri": "s3://BUCKET/deep/t"}
        for more, count in (({}, 6), ({"version": 0}, 3), ({"timestamp": moment}, 3)):
            with self.subTest(more=more):
                self.assertEqual(self.rows(self.project({"d": {**at, **more}}), "select count(*) as n from d"),
                                 f"n\n{count}\n")
        self.fails(self.project({"d": {**at, "version": 9}}), "run", "-c", "select * from d", number="PN4010")

    def test_two_datasets_of_one_bucket_with_options_of_their_own(self):
        """Also one that is refused: each goes by its own credentials."""
        SERVER.put(self.bucket, "x.csv", ROWS.encode())
        SERVER.keys.add("AKIAOTHER0123456789")
        self.addCleanup(SERVER.keys.discard, "AKIAOTHER0123456789")
        other = self.options(aws_access_key_id="AKIAOTHER0123456789", aws_secret_access_key="other/secret0")
        wrong = self.options(aws_access_key_id="AKIAWRONG0123456789")
        uri = {"format": "csv", "uri": "s3://BUCKET/x.csv"}
        root = self.project({"d": uri, "e": {**uri, "storage_options": other}, "w": {**uri, "storage_options": wrong}})
        self.assertEqual(self.rows(root, "select count(*) as n from d join e using (k)"), "n\n3\n")
        self.fails(root, "run", "-c", "select * from d join w using (k)", number="PN2141")

    def test_an_optional_dataset_that_is_missing_is_empty(self):
        for form in ("delta", "csv"):
            with self.subTest(form=form):
                entry = {"format": form, "uri": "s3://BUCKET/none", "optional": True, "schema": {"k": "int64"}}
                root = self.project({"d": entry})
                self.assertEqual(self.rows(root, "select count(k) as n from d"), "n\n0\n")
                entry = {**entry, "uri": "s3://no-such-bucket/none", "storage_options": self.options()}
                self.fails(self.project({"d": entry}), "run", "-c", "select * from d", number="PN2140")


class Writes(OnS3):
    VIEWS = {"v": "select * from (values (1, 'a'), (2, 'b'), (3, 'c')) as t(k, v)"}

    def test_files_are_read_back(self):
        for form in ("parquet", "csv", "json", "arrow"):
            with self.subTest(form=form):
                uri = f"s3://BUCKET/out/{form}"
                root = self.project({"d": {"format": form, "uri": uri}},
                                    [{"view": "v", "uri": uri, "format": form}], self.VIEWS)
                self.ok(root, "build")
                self.assertEqual(SERVER.keys_of(self.bucket, f"out/{form}"), [f"out/{form}/part-00000.{form}"])
                self.assertEqual(self.rows(root), ROWS)

    def test_the_modes_of_a_folder(self):
        def build(mode):
            root = self.project(outputs=[{"view": "v", "uri": "s3://BUCKET/out", "format": "csv", "mode": mode}],
                                views=self.VIEWS)
            return self.run_pinion(root, "build")
        parts = lambda: [key.split("-")[-1] for key in SERVER.keys_of(self.bucket, "out")]
        self.assertEqual(build("error")[0], 0)
        self.assertIn("[PN2014]", build("error")[2])
        self.assertEqual((build("ignore")[0], parts()), (0, ["00000.csv"]))
        self.assertEqual((build("append")[0], parts()), (0, ["00000.csv", "00001.csv"]))
        self.assertEqual((build("overwrite")[0], parts()), (0, ["00002.csv"]))
        self.assertEqual((build("overwrite")[0], parts()), (0, ["00000.csv"]))
        SERVER.put(self.bucket, "out/notes.txt", b"mine")
        self.assertIn("notes.txt", build("overwrite")[2])
        self.assertEqual(len(parts()), 2)

    def test_partitions(self):
        output = {"view": "v", "uri": "s3://BUCKET/out", "partition_by": ["v"]}
        root = self.project(outputs=[{**output, "format": "parquet"}], views=self.VIEWS)
        self.ok(root, "build")
        self.assertEqual(SERVER.keys_of(self.bucket), [f"out/v={v}/part-00000.parquet" for v in "abc"])
        root = self.project({"d": {"format": "delta", "uri": "s3://BUCKET/delta"}},
                            [{**output, "uri": "s3://BUCKET/delta"}], self.VIEWS)
        self.ok(root, "build")
        self.assertEqual(self.rows(root), ROWS)
        self.assertEqual(self.delta("delta").metadata().partition_columns, ["v"])

    def test_another_program_reads_the_delta_table(self):
        output = {"view": "v", "uri": "s3://BUCKET/t"}
        for mode, rows in (("error", 3), ("append", 6), ("overwrite", 3), ("ignore", 3)):
            with self.subTest(mode=mode):
                self.ok(self.project(outputs=[{**output, "mode": mode}], views=self.VIEWS), "build")
                self.assertEqual(self.delta("t").to_pyarrow_table().num_rows, rows)
        self.assertEqual(self.delta("t").version(), 2)
        self.fails(self.project(outputs=[{**output, "mode": "error"}], views=self.VIEWS), "build", number="PN2014")
        self.assertNotIn("t/_pinion_probe", SERVER.keys_of(self.bucket))

    def test_statements(self):
        views = {"v": "select cast(1 as bigint) as k, 'a' as v"}
        root = self.project({"d": {"format": "delta", "uri": "s3://BUCKET/t"}, "f": {"format": "csv", "uri": "s3://BUCKET/f"}},
                            [{"view": "v", "uri": "s3://BUCKET/t"},
                             {"view": "v", "uri": "s3://BUCKET/f", "format": "csv"}], views)
        self.ok(root, "build")
        for name in ("d", "f"):
            with self.subTest(name=name):
                self.ok(root, "--policy", "write", "run", "-c", f"insert into {name} values (2, 'b')")
                self.assertEqual(self.rows(root, f"select k, v from {name} order by k"), "k,v\n1,a\n2,b\n")
        # A statement has no place for credentials, and none are looked for elsewhere.
        self.fails(root, "--policy", "write", "run", "-c", f"copy d to 's3://{self.bucket}/c.csv' stored as csv",
                   number="PN7034", AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET, AWS_REGION=REGION)

    def test_an_upload_that_fails_leaves_what_was_there(self):
        output = {"view": "v", "uri": "s3://BUCKET/out", "format": "parquet", "partition_by": ["v"]}
        root = self.project(outputs=[{**output, "storage_options": self.options(max_retries=0)}], views=self.VIEWS)
        self.ok(root, "build")
        before = SERVER.keys_of(self.bucket)
        SERVER.fails = lambda environ: environ["REQUEST_METHOD"] == "PUT" and "/v=c/" in environ["PATH_INFO"]
        self.assertIn("'out/v=c/part-00001.parquet'", self.fails(root, "build", number="PN2007"))
        self.assertEqual(SERVER.keys_of(self.bucket), before)
        SERVER.fails = lambda environ: False
        self.ok(root, "build")
        self.assertEqual(len(SERVER.keys_of(self.bucket)), 3)
        self.assertEqual(list((root / ".pinion").glob("tmp/*")), [])

    def test_a_file_larger_than_one_request(self):
        views = {"v": "select value as k, sha256(cast(value as varchar)) as v from generate_series(1, 1200000)"}
        root = self.project({"d": {"format": "parquet", "uri": "s3://BUCKET/big"}},
                            [{"view": "v", "uri": "s3://BUCKET/big", "format": "parquet"}], views)
        self.ok(root, "build")
        self.assertTrue([query for method, _, query in SERVER.requests if method == "PUT" and "partNumber" in query])
        self.assertEqual(self.rows(root, "select count(distinct v) as n, sum(k) as s from d"), "n,s\n1200000,720000600000\n")

    def test_no_part_of_an_upload_that_fails_stays(self):
        views = {"v": "select value as k, repeat('x', 1000) as v from generate_series(1, 60000)"}
        output = {"view": "v", "uri": "s3://BUCKET/big", "format": "csv", "storage_options": self.options(max_retries=0)}
        root = self.project(outputs=[output], views=views)
        for method, query in (("PUT", "partNumber=2"), ("POST", "uploadId")):
            with self.subTest(method=method):
                failed = []
                def fails(environ, method=method, query=query, failed=failed):
                    is_it = environ["REQUEST_METHOD"] == method and query in environ["QUERY_STRING"]
                    failed.extend([True] * is_it)
                    return is_it
                SERVER.fails = fails
                self.fails(root, "build", number="PN2007")
                self.assertTrue(failed)
                self.assertEqual(SERVER.client.list_multipart_uploads(Bucket=self.bucket).get("Uploads", []), [])
                self.assertEqual(SERVER.keys_of(self.bucket), [])


class Writers(OnS3):
    def test_two_at_once_lose_no_commit(self):
        root = self.project(outputs=[{"view": "v", "uri": "s3://BUCKET/t", "mode": "append"}],
                            views={"v": "select 1 as k"}, folder="first")
        self.ok(root, "build")
        other = self.folder / "second"
        shutil.copytree(root, other, ignore=shutil.ignore_patterns(".pinion"))
        script = 'for i in $(seq 20); do "$0" -q -C "$1" build --no-record || exit 1; done'
        environment = {**os.environ, "CANARY_KEY": KEY, "CANARY_SECRET": SECRET, "NO_PROXY": "127.0.0.1"}
        writers = [subprocess.Popen(["bash", "-c", script, PROGRAM, str(folder)], env=environment, text=True,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                   for folder in (root, other)]
        for writer in writers:
            _, err = writer.communicate(timeout=300)
            self.assertEqual(writer.returncode, 0, err)
        table = self.delta("t")
        self.assertEqual((table.version(), table.to_pyarrow_table().num_rows), (40, 41))

    def test_a_commit_that_the_store_kept_and_denied_is_made_once(self):
        root = self.project(outputs=[{"view": "v", "uri": "s3://BUCKET/t", "mode": "append"}],
                            views={"v": "select 1 as k"})
        self.ok(root, "build")
        denied = []
        def once(environ):
            if "_delta_log" not in environ["PATH_INFO"] or denied:
                return False
            denied.append(environ["PATH_INFO"])
            return True
        SERVER.fails_afterwards = once
        self.ok(root, "build")
        self.assertEqual(len(denied), 1)
        table = self.delta("t")
        self.assertEqual((table.version(), table.to_pyarrow_table().num_rows), (1, 2))

    def test_a_store_that_ignores_the_condition_is_not_written(self):
        root = self.project({"d": {"format": "delta", "uri": "s3://BUCKET/t"}},
                            [{"view": "v", "uri": "s3://BUCKET/t"}], {"v": "select 1 as k"})
        SERVER.obeys_conditions = False
        self.fails(root, "build", number="PN4124")
        self.assertEqual(SERVER.keys_of(self.bucket), [])
        SERVER.obeys_conditions = True
        self.ok(root, "build")
        SERVER.obeys_conditions = False
        self.assertEqual(self.rows(root, "select k from d"), "k\n1\n")


class Identity(OnS3):
    def setUp(self):
        super().setUp()
        SERVER.put(self.bucket, "in/x.csv", ROWS.encode())
        self.views = {"v": "select k, v from d"}
        self.root = self.project({"d": {"format": "csv", "uri": "s3://BUCKET/in"}}, views=self.views)

    def test_where_and_by_whom_it_is_read_is_no_identity(self):
        first = self.fingerprints(self.root)
        SERVER.keys.add("AKIAROTATED123456789")
        self.addCleanup(SERVER.keys.discard, "AKIAROTATED123456789")
        self.assertEqual(first, self.fingerprints(self.root, CANARY_KEY="AKIAROTATED123456789", CANARY_SECRET="rotated/0"))
        SERVER.put(self.bucket, "moved/x.csv", ROWS.encode())
        other = {"format": "csv", "uri": "s3://BUCKET/moved", "storage_options": self.options(timeout=9, max_retries=1)}
        self.assertEqual(first, self.fingerprints(self.project({"d": other}, views=self.views, folder="q")))
        SERVER.put(self.bucket, "in/x.csv", b"k,v\n9,z\n")
        self.assertNotEqual(first, self.fingerprints(self.root))

    def test_a_bundle_runs_elsewhere_with_the_credentials_of_that_place(self):
        self.ok(self.root, "bundle", "export", "v", "-o", self.folder / "v.pnb")
        data = (self.folder / "v.pnb").read_bytes()
        for secret in (KEY, SECRET, SERVER.endpoint):
            self.assertNotIn(secret.encode(), data)
        there = self.options(credentials="environment", aws_access_key_id=None, aws_secret_access_key=None, region=None)
        other = self.project({"d": {"format": "csv", "uri": "s3://BUCKET/in", "storage_options": there}}, folder="q")
        named = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": REGION}
        replay = ("-q", "replay", self.folder / "v.pnb", "--format", "csv")
        self.assertEqual(sorted(self.ok(other, *replay, **named).split()), sorted(ROWS.split()))
        self.assertIn("'d' is unreadable: dataset 'd' names no credentials", self.fails(other, *replay, number="PN6026"))
        SERVER.put(self.bucket, "in/x.csv", b"k,v\n9,z\n")
        code, out, err = self.run_pinion(other, *replay, **named)
        self.assertEqual((code, out), (1, ""), err)
        self.assertIn("'d'", err)

    def test_the_environment_is_not_read_unasked(self):
        entry = {"format": "csv", "uri": "s3://BUCKET/in", "storage_options": {"endpoint": SERVER.endpoint, "allow_http": True}}
        root = self.project({"d": entry}, folder="q")
        self.fails(root, "run", "-c", "select * from d", number="PN4121", AWS_ACCESS_KEY_ID=KEY,
                   AWS_SECRET_ACCESS_KEY=SECRET, AWS_REGION=REGION)

    def test_no_secret_is_written(self):
        outputs = [{"view": "v", "uri": "s3://BUCKET/out/t"}, {"view": "v", "uri": "s3://BUCKET/out/f", "format": "csv"}]
        root = self.project({"d": {"format": "csv", "uri": "s3://BUCKET/in"}}, outputs, self.views)
        for words in (["build"], ["-v", "build"], ["--json", "build"], ["explain", "v"], ["check"], ["ls", "--columns"],
                      ["--json", "explain", "v", "--all"], ["why", "v"], ["doctor"], ["verify", "v"]):
            with self.subTest(words=words):
                self.ok(root, *words)
        SERVER.keys.discard(KEY)
        self.addCleanup(SERVER.keys.add, KEY)
        self.fails(root, "-v", "build", number="PN2141")
        SERVER.keys.add(KEY)
        held = {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file() and path.name != "pinion.yaml"}
        held |= {key: SERVER.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
                 for key in SERVER.keys_of(self.bucket, "out")}
        self.assertGreater(len(held), 10)
        for name, data in held.items():
            for secret in (KEY, SECRET, SECRET[:10], KEY[-10:]):
                self.assertNotIn(secret.encode(), data, name)


class Errors(OnS3):
    def refused(self, number, *texts, uri="s3://BUCKET/x.csv", form="csv", **changes):
        entry = {"format": form, "uri": uri, "storage_options": self.options(**changes)}
        err = self.fails(self.project({"d": entry}), "run", "-c", "select * from d", number=number)
        for text in ("'d'", *texts):
            self.assertIn(text, err)
        return err

    def test_each_has_a_number_and_names_the_object(self):
        SERVER.put(self.bucket, "x.csv", ROWS.encode())
        for form in ("csv", "delta"):
            with self.subTest(form=form):
                self.refused("PN4006", f"s3://{self.bucket}/none", uri="s3://BUCKET/none", form=form)
                self.refused("PN2140", "s3://no-such/x", uri="s3://no-such/x", form=form)
                self.refused("PN2141", f"s3://{self.bucket}/x.csv", form=form, aws_access_key_id="AKIAUNKNOWN123456")
                self.refused("PN2142", f"s3://{self.bucket}/x.csv", form=form, region="us-west-2")
                self.refused("PN2143", f"s3://{self.bucket}/x.csv", form=form, endpoint="http://127.0.0.1:9",
                             max_retries=1)
        self.refused("PN4120", "'regoin'", "Did you mean 'region'?", regoin="x")
        self.refused("PN4121", "'secret_access_key'", aws_secret_access_key=None)
        self.refused("PN4121", "'region'", region=None, endpoint=None)
        self.refused("PN4122", SERVER.endpoint, allow_http=None)
        self.refused("PN4123", uri="s3://BUCKET/x.csv?versionId=3")
        self.refused("PN4007", "gs://", uri="gs://BUCKET/x.csv")

    def test_doctor_asks_each_store_once(self):
        SERVER.put(self.bucket, "x.csv", ROWS.encode())
        entry = {"format": "csv", "uri": "s3://BUCKET/x.csv"}
        wrong = {**entry, "storage_options": self.options(aws_access_key_id="AKIAUNKNOWN123456")}
        output = {"view": "v", "uri": "s3://BUCKET/out", "storage_options": self.options()}
        root = self.project({"d": {**entry, "storage_options": self.options()}}, [output], {"v": "select * from d"})
        self.assertIn(f"s3://{self.bucket} at {SERVER.endpoint} answers", self.ok(root, "doctor"))
        root = self.project({"d": entry, "w": wrong, "m": {**entry, "storage_options": {"region": REGION}}}, [output])
        code, out, _ = self.run_pinion(root, "--json", "doctor")
        found = [row["text"][-8:] for row in json.loads(out)["findings"] if row["check"] == "store"]
        self.assertEqual((code, found), (1, [" answers", "[PN4121]", "[PN2141]"]))

    def test_a_store_that_does_not_answer_is_not_waited_for(self):
        SERVER.is_silent = True
        started = time.monotonic()
        self.refused("PN2143", "in time", timeout=1, max_retries=1, retry_timeout=2)
        self.assertLess(time.monotonic() - started, 20)

    def interrupt(self, root, words, asked):
        """Ctrl-C as soon as `asked` says that the store was asked."""
        run = subprocess.Popen([PROGRAM, "-C", str(root), *words], stdin=subprocess.DEVNULL, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, "CANARY_KEY": KEY, "CANARY_SECRET": SECRET, "NO_PROXY": "127.0.0.1"})
        while not asked() and run.poll() is None:
            time.sleep(0.01)
        fired = time.monotonic()
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 130, err)
        self.assertLess(time.monotonic() - fired, 3)

    def test_ctrl_c_ends_the_wait(self):
        SERVER.put(self.bucket, "x.csv", ROWS.encode())
        root = self.project({"d": {"format": "csv", "uri": "s3://BUCKET/x.csv"}}, views={"v": "select * from d"})
        SERVER.is_silent = True
        for words in (["run", "-c", "select * from d"], ["plan"], ["build"]):
            with self.subTest(words=words):
                before = len(SERVER.requests)
                self.interrupt(root, words, lambda: len(SERVER.requests) > before)

    def test_ctrl_c_ends_a_write(self):
        for form in ("delta", "parquet"):
            with self.subTest(form=form):
                output = {"view": "v", "uri": f"s3://BUCKET/{form}", "format": form, "partition_by": ["v"]}
                root = self.project(outputs=[output], views=Writes.VIEWS)
                self.ok(root, "build")
                before = SERVER.keys_of(self.bucket, form)
                held = []
                def hold(environ):
                    if environ["REQUEST_METHOD"] == "PUT" and "_pinion_probe" not in environ["PATH_INFO"]:
                        held.append(environ["PATH_INFO"])
                        time.sleep(4)
                        return True
                    return False
                SERVER.fails = hold
                self.interrupt(root, ["build"], lambda: held)
                SERVER.fails = lambda environ: False
                self.assertEqual(SERVER.keys_of(self.bucket, form), before)


if __name__ == "__main__":
    if not os.access(PROGRAM, os.X_OK):
        print("the program is not built (PN_BIN)")
        sys.exit(77)
    unittest.main(verbosity=2)
