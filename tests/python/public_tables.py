"""Building graphs with the `pinion` program and reading their tables with other programs."""
import ast
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile

import duckdb
from deltalake import DeltaTable

EVIDENCE = ("repo_files_v1 file_line_index_v1 ast_files_v1 symtable_files_v1 libcst_files_v1 "
            "tree_sitter_files_v1").split()
OUTPUTS = ["cpg_nodes_v1", "cpg_edges_v1"]
# name -> (version, SHA-256 of the source archive)
ARCHIVES = {
    "flask": ("3.1.3", "0ef0e52b8a9cd932855379197dd8f94047b359ca0a78695144304cb45f87c9eb"),
    "requests": ("2.34.2", "f288924cae4e29463698d6d60bc6a4da69c89185ad1e0bcc4104f584e960b9ed"),
}


def program():
    """The built `pinion`, or None."""
    path = os.environ.get("PN_BIN", "")
    return path if path and os.access(path, os.X_OK) else None


def pinion(*words, **environment):
    """Runs the program; its standard output. Fails with what it said."""
    done = subprocess.run([program(), *map(str, words)], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, env={**os.environ, **environment}, timeout=1200)
    if done.returncode != 0:
        raise AssertionError(f"pinion {' '.join(map(str, words))}: {done.returncode}\n{done.stderr[-3000:]}")
    return done.stdout


def installed_locale(*names):
    """The first of these locales that is installed, spelled as `locale -a` has it, or C."""
    if shutil.which("locale") is None:
        return "C"
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.split()
    plain = {name.lower().replace("-", ""): name for name in known}
    return next((plain[name.lower().replace("-", "")] for name in names
                 if name.lower().replace("-", "") in plain), "C")


def turkish(folder):
    """Environment of a Turkish locale, where 'i' and 'I' are no pair; made in `folder` when it is not installed."""
    source = pathlib.Path("/usr/share/i18n/locales/tr_TR")
    name = installed_locale("tr_TR.UTF-8")
    if name == "C" and source.exists() and shutil.which("localedef"):
        subprocess.run(["localedef", "-i", "tr_TR", "-f", "UTF-8", str(folder / "tr_TR.UTF-8")],
                       capture_output=True, check=False)
        if (folder / "tr_TR.UTF-8").exists():
            return {"LC_ALL": "tr_TR.UTF-8", "LOCPATH": str(folder)}
    return {"LC_ALL": name if name != "C" else installed_locale("de_DE.UTF-8", "C.UTF-8")}


class Graph:
    """A built project folder. Tables are read through deltalake; DuckDB reads the files it names."""

    def __init__(self, repo, out, jobs=2, **environment):
        self.repo, self.out = pathlib.Path(repo), pathlib.Path(out)
        self.report = json.loads(pinion("--json", "cpg", "build", repo, "--out", out, "--jobs", jobs, **environment))
        self.plan = json.loads(pinion("-C", out, "--json", "plan", **environment))
        self._tables = {}

    def uri(self, name):
        return self.out / ("evidence" if name in EVIDENCE else "cpg") / name

    def table(self, name):
        """The whole table as Arrow."""
        if name not in self._tables:
            self._tables[name] = DeltaTable(str(self.uri(name))).to_pyarrow_table()
        return self._tables[name]

    def rows(self, name):
        return self.table(name).to_pylist()

    def sql(self, query):
        """Rows of a DuckDB query; each table is a view over the Parquet files of its current version."""
        with duckdb.connect() as connection:
            for name in EVIDENCE + OUTPUTS:
                files = DeltaTable(str(self.uri(name))).file_uris()
                quoted = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
                connection.execute(f"create view {name} as select * from read_parquet([{quoted}])")
            return connection.execute(query).fetchall()

    def fingerprints(self):
        """{view: fingerprint} as `pinion plan` prints them."""
        return {view["name"]: view["fingerprint"] for view in self.plan["views"]}


def canonical_rows(graph, name):
    """The rows as sorted texts: the order of a table's rows is not part of what it says."""
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in graph.rows(name))


class Counts:
    """What CPython's own ast finds in the sources that it can parse."""

    def __init__(self, repo):
        self.defs = self.classes = self.imports = self.calls = self.files = 0
        for path in sorted(pathlib.Path(repo).rglob("*.py*")):
            if path.suffix in (".py", ".pyi") and path.is_file():
                self.files += 1
                self.add(path)

    def add(self, path):
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):
            return
        for node in ast.walk(tree):
            self.defs += isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            self.classes += isinstance(node, ast.ClassDef)
            self.imports += len(node.names) if isinstance(node, (ast.Import, ast.ImportFrom)) else 0
            self.calls += isinstance(node, ast.Call)


def cache_dir():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "pinion/sources"


def source_archive(name):
    """The unpacked source archive of a package, downloaded once and checked; None when it cannot be had."""
    version, digest = ARCHIVES[name]
    folder = cache_dir() / f"{name}-{version}"
    archive = folder / "archive.tar.gz"
    if not archive.exists():
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:",
                               "-d", str(folder), f"{name}=={version}"], capture_output=True, check=False)
        found = sorted(folder.glob(f"{name}-*.tar.gz"))
        if done.returncode != 0 or not found:
            return None
        found[0].rename(archive)
    if hashlib.sha256(archive.read_bytes()).hexdigest() != digest:
        raise AssertionError(f"{name} {version}: the archive is not the pinned one; remove '{archive}'")
    sources = folder / "sources"
    if not sources.exists():
        scratch = folder / f"unpacking.{os.getpid()}"
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        with tarfile.open(archive) as tar:
            tar.extractall(scratch, **safely)
        scratch.rename(sources)
    return next(path for path in sources.iterdir() if path.is_dir())
