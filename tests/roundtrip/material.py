# SPDX-License-Identifier: Apache-2.0
"""What the round trips run on, outside the checkout: TPC-H and TPC-DS made by DuckDB, and the sqllogictest files of
the engine with generated stand-ins for the data files that its crate leaves out."""
import hashlib
import os
import pathlib
import random
import re
import shutil
import tarfile

from doors import CACHE, Doors, skip

CRATE, VERSION = "datafusion-sqllogictest", "55.2.0"
SHA256 = "b270cea4d8c2b2c42773e60164204386fb97d7936736e5f126ac751b86d7dabe"
SCALE = 0.01


def tpc(name):
    """(folder with a Parquet file per table, {number: SQL}) of `tpch` or `tpcds`."""
    try:
        import duckdb
    except ImportError as missing:
        skip(missing)
    connection = duckdb.connect()
    inside = connection.sql(f"select loaded from duckdb_extensions() where extension_name = '{name}'").fetchall()
    if inside != [(True,)]:
        skip(f"duckdb {duckdb.__version__} has no generator of {name} inside: tools/setup.sh brings one that has")
    folder = CACHE / f"{name}-{duckdb.__version__}-sf{SCALE}"
    queries = dict(connection.sql(f"select query_nr, query from {name}_queries()").fetchall())
    if not (folder / "done").exists():
        stage = folder.with_suffix(f".{os.getpid()}")
        stage.mkdir(parents=True)
        connection.sql(f"call {'dbgen' if name == 'tpch' else 'dsdgen'}(sf={SCALE})")
        for (table,) in connection.sql("select table_name from duckdb_tables()").fetchall():
            connection.sql(f"copy {table} to '{stage / table}.parquet' (format parquet)")
        (stage / "done").touch()
        try:
            stage.rename(folder)
        except OSError:  # another run was faster
            shutil.rmtree(stage)
    return folder, queries


def opened(name):
    """A process that knows the tables of `tpch` or `tpcds`, and {number: SQL}."""
    folder, queries = tpc(name)
    doors = Doors(folder)
    for path in sorted(folder.glob("*.parquet")):
        sql = f"create external table {path.stem} stored as parquet location '{path}'"
        made = doors.ask(do="setup", sql=sql)
        assert made["is"] == "done", made
    return doors, {number: sql.strip().rstrip(";") for number, sql in queries.items()}


def sqllogictest(parent):
    """A fresh copy of the crate below `parent`, where its files find what they read; gives its folder."""
    home = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo"))
    found = sorted(home.glob(f"registry/cache/*/{CRATE}-{VERSION}.crate"))
    if not found:
        skip(f"the crate {CRATE} {VERSION} is not there: tools/setup.sh brings it")
    if hashlib.sha256(found[0].read_bytes()).hexdigest() != SHA256:
        raise AssertionError(f"{found[0]} is not the pinned {CRATE} {VERSION}")
    safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # not in Python 3.11.2 of Debian 12
    with tarfile.open(found[0]) as archive:
        archive.extractall(parent / "datafusion", **safely)
    folder = parent / "datafusion" / "sqllogictest"
    (parent / "datafusion" / f"{CRATE}-{VERSION}").rename(folder)
    return folder


EXTERNAL = re.compile(r"create\s+(?:or\s+replace\s+)?(?:unbounded\s+)?external\s+table\s+(?:if\s+not\s+exists\s+)?"
                      r"(?P<name>[\w.\"]+)\s*(?:\((?P<columns>.*?)\)\s*(?=stored|with|partitioned|location|options))?"
                      r".*?location\s+'(?P<location>[^']+)'", re.I | re.S)
ORDER = re.compile(r"with\s+order\s*\(([^)]*)\)", re.I)


def cell(name, kind, row, rng):
    """A value of a column; few distinct ones, so that groups and joins find company."""
    kind = kind.upper()
    if "CHAR" in kind or "STRING" in kind or "TEXT" in kind:
        return "".join(rng.choice("abcde") for _ in range(1 if name == "c1" else 4))
    if "TIMESTAMP" in kind:
        return f"2021-0{1 + row % 9}-1{row % 7}T0{row % 10}:00:00"
    if "DATE" in kind:
        return f"2021-0{1 + row % 9}-1{row % 7}"
    if "BOOL" in kind:
        return rng.choice(("true", "false"))
    if "DOUBLE" in kind or "FLOAT" in kind or "REAL" in kind or "DECIMAL" in kind:
        return f"{rng.randrange(1, 10000) / 10000}"
    top = {"TINYINT": 5, "SMALLINT": 120, "INT UNSIGNED": 65000, "BIGINT UNSIGNED": 4000000000}.get(kind, 60)
    if name in ("a", "b"):
        top = 4
    return str(row if name in ("a0", "c", "ts", "id", "sn") else rng.randrange(1, top + 1))


def supply(sql, folder):
    """Writes the CSV file that CREATE EXTERNAL TABLE reads when the crate has it not and the columns are declared."""
    found = EXTERNAL.search(sql)
    if not found or not found["columns"] or "csv" not in sql.lower():
        return
    path = folder / found["location"]
    if path.exists() or path.suffix != ".csv" or "scratch" in path.parts:
        return
    columns = []
    for declared in re.split(r",(?![^(]*\))", found["columns"]):
        words = declared.replace('"', "").split()
        if not words or words[0].upper() in ("PRIMARY", "UNIQUE", "CONSTRAINT"):
            continue
        columns.append((words[0].lower(), " ".join(words[1:3])))
    rng = random.Random(path.name)
    rows = [[cell(name, kind.replace(" NOT", "").strip(), row, rng) for name, kind in columns] for row in range(100)]
    order = ORDER.search(sql)
    names = [name for name, _ in columns]
    if order:
        keys = [word.split()[0].strip('"').lower() for word in order[1].split(",") if word.split()]
        if all(key in names for key in keys):
            rows.sort(key=lambda row: [(len(row[names.index(key)]), row[names.index(key)]) for key in keys])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(",".join(row) for row in [names] + rows) + "\n", encoding="utf-8")
