"""The PyCG call-graph micro-benchmark as a yardstick for CALLS edges.

    python pycg.py [FOLDER]      prints the cases that differ, then precision and recall

$PN_BIN names the program that builds the graph, one of all cases. Without it the views run on PyPI's
DataFusion, one case at a time.
"""

import glob
import json
import os
import subprocess
import sys
import tempfile

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CALLS = "SELECT scope_id, def_id FROM python_calls WHERE NOT is_class"
DEFS = "SELECT def_id, def_fqn, own_scope_id FROM cst_defs"
VIEWS = ("python_calls", "python_modules", "symtable_scope_edges")
SCOPES = """
SELECT s.scope_id, m.module_key, e.parent_scope_id
FROM symtable_scopes AS s
JOIN python_modules AS m ON m.file_id = s.file_id
LEFT JOIN symtable_scope_edges AS e ON e.child_scope_id = s.scope_id
"""


def find_benchmark():
    """The folder of the benchmark, or None when this machine has no external test data."""
    data = os.environ.get("PN_EXTERNAL_DATA") or os.path.join(PROJECT, "..", "shared", "data")
    folder = os.path.join(data, "pycg")
    return folder if os.path.isdir(folder) else None


def expected_edges(case):
    """(caller, callee) of the case; built-in functions and types are no definitions of the code."""
    with open(os.path.join(case, "callgraph.json"), encoding="utf-8") as stream:
        graph = json.load(stream)
    return {(a, b) for a, callees in graph.items() for b in callees if not b.startswith("<")}


def edges(rows):
    """(caller, callee) by qualified names of functions; `rows(sql)` runs a query over the graph."""
    defs = rows(DEFS)
    names = {row["def_id"]: row["def_fqn"].replace(".<locals>", "") for row in defs}
    owners = {row["own_scope_id"]: names[row["def_id"]] for row in defs if row.get("own_scope_id")}
    scopes = {row["scope_id"]: row for row in rows(SCOPES)}

    def caller(scope_id):
        while scope_id not in owners:
            scope = scopes[scope_id]
            if scope.get("parent_scope_id") is None:
                return scope["module_key"].replace("/", ".")
            scope_id = scope["parent_scope_id"]
        return owners[scope_id]

    return {(caller(row["scope_id"]), names[row["def_id"]]) for row in rows(CALLS)}


def edges_by_views(case):
    """Edges of one case, by the views on PyPI's DataFusion."""
    from make_evidence import make_evidence, read_files
    from pack_engine import open_pack, rows_of

    session = open_pack(make_evidence(read_files(case)), VIEWS)
    return edges(lambda sql: rows_of(session, sql))


def edges_by_program(program, folder):
    """Edges of all cases, by one graph of the folder; names begin with the place of the case."""
    with tempfile.TemporaryDirectory() as scratch:

        def run(*words):
            done = subprocess.run([program, "-q", *words], check=True, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, text=True)
            return done.stdout

        run("cpg", "build", folder, "--out", scratch)
        return edges(lambda sql: [
            json.loads(line) for line in run("-C", scratch, "--agent", "run", "-c", sql).splitlines()
        ])


def of_case(found, name):
    """The edges inside a case, named as it names them; one that leaves it keeps its long name."""
    prefix = name.replace(os.sep, ".") + "."
    return {(caller[len(prefix):], callee.removeprefix(prefix)) for caller, callee in found
            if caller.startswith(prefix)}


def measure(folder, program=None):
    """[(case, expected, found)] of every case below the folder."""
    found = glob.glob(os.path.join(folder, "*/*/callgraph.json"))
    cases = sorted(os.path.relpath(os.path.dirname(path), folder) for path in found)
    every = edges_by_program(program, folder) if program else None
    return [
        (name, expected_edges(os.path.join(folder, name)),
         of_case(every, name) if program else edges_by_views(os.path.join(folder, name)))
        for name in cases
    ]


def summary(results):
    """Counts over all cases."""
    right = sum(len(expected & found) for _, expected, found in results)
    wrong = sum(len(found - expected) for _, expected, found in results)
    missed = sum(len(expected - found) for _, expected, found in results)
    return {
        "cases": len(results),
        "exact": sum(expected == found for _, expected, found in results),
        "precision": right / (right + wrong),
        "recall": right / (right + missed),
    }


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else find_benchmark()
    if folder is None:
        sys.exit("pycg: no benchmark here; set PN_EXTERNAL_DATA or name the folder")
    results = measure(folder, os.environ.get("PN_BIN"))
    for case, expected, found in results:
        for caller, callee in sorted(expected - found):
            print(f"{case}: missed {caller} -> {callee}")
        for caller, callee in sorted(found - expected):
            print(f"{case}: wrong {caller} -> {callee}")
    print(json.dumps(summary(results)))


if __name__ == "__main__":
    main()
