"""The PyCG call-graph micro-benchmark as a yardstick for CALLS edges.

    python pycg.py [FOLDER]      prints the cases that differ, then precision and recall
"""

import glob
import json
import os
import sys

from make_evidence import PROJECT, make_evidence, read_files
from pack_engine import open_pack, rows_of

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


def found_edges(case):
    """(caller, callee) by qualified names of functions, as the benchmark writes them."""
    session = open_pack(make_evidence(read_files(case)), VIEWS)
    defs = rows_of(session, "SELECT def_id, def_fqn, own_scope_id FROM cst_defs")
    names = {row["def_id"]: row["def_fqn"].replace(".<locals>", "") for row in defs}
    owners = {row["own_scope_id"]: names[row["def_id"]] for row in defs}
    scopes = {row["scope_id"]: row for row in rows_of(session, SCOPES)}

    def caller(scope_id):
        while scope_id not in owners:
            scope = scopes[scope_id]
            if scope["parent_scope_id"] is None:
                return scope["module_key"].replace("/", ".")
            scope_id = scope["parent_scope_id"]
        return owners[scope_id]

    calls = rows_of(session, "SELECT scope_id, def_id FROM python_calls WHERE NOT is_class")
    return {(caller(row["scope_id"]), names[row["def_id"]]) for row in calls}


def measure(folder):
    """[(case, expected, found)] of every case below the folder."""
    found = glob.glob(os.path.join(folder, "*/*/callgraph.json"))
    cases = sorted(os.path.dirname(path) for path in found)
    return [(os.path.relpath(c, folder), expected_edges(c), found_edges(c)) for c in cases]


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
    results = measure(folder)
    for case, expected, found in results:
        for caller, callee in sorted(expected - found):
            print(f"{case}: missed {caller} -> {callee}")
        for caller, callee in sorted(found - expected):
            print(f"{case}: wrong {caller} -> {callee}")
    print(json.dumps(summary(results)))


if __name__ == "__main__":
    main()
