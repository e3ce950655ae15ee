"""The built-in scalar functions: beside functions of the engine in the same session, beside a pass over the same
columns, and beside the same functions as Python UDFs of datafusion-python. Measured in processor time of all threads,
so that neither the number of cores nor other work on them counts; by the clock ours gain by the number of cores."""
import json
import os
import pathlib
import subprocess
import sys
import time

import common

os.environ["UDF_ROWS"] = "1"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/python"))
ROWS, LONG_ROWS, PYTHON_ROWS = 2_000_000, 100_000, 100_000

# Columns of the table of ROWS rows: name, SQL over the row number n.
WORDS = "'module.Name_' || n || ' Some Text'"
COLUMNS = {
    "s16": "lpad(cast(n as varchar), 16, 'k')",
    "s64": "lpad(cast(n as varchar), 64, 'key')",
    "words": WORDS,
    "b": "n", "e": "n + n % 40",
    "sp": "span_make(n, n + n % 40)", "sq": "span_make(n + 5, n + 9)",
    "texts": "make_array('b' || (n % 7), 'a', NULL)",
    "entries": "map(['Key', 'other'], ['v' || (n % 9), 'w'])",
    "record": "named_struct('a', n, 'b', 'x' || n)",
    "change": "case n % 3 when 0 then 'insert' when 1 then 'update_postimage' else 'delete' end",
}
# What is measured beside what in one session: title, ours, theirs, goal of ours / theirs.
BESIDE = [
    ("stable_hash64, 16 bytes", "stable_hash64(s16)", "md5(s16)", 1),
    ("stable_hash128, 16 bytes", "stable_hash128(s16)", "md5(s16)", 1),
    ("stable_hash64, 64 bytes", "stable_hash64(s64)", "md5(s64)", 1),
    ("stable_hash128, 64 bytes", "stable_hash128(s64)", "md5(s64)", 1),
    ("stable_hash64, 1,000 bytes", "stable_hash64(s1000)", "md5(s1000)", 1),
    ("stable_hash128, 1,000 bytes", "stable_hash128(s1000)", "md5(s1000)", 1),
    ("utf8_normalize, ASCII", "utf8_normalize(words)", "upper(words)", 3),
    ("utf8_normalize, ASCII, 64 bytes", "utf8_normalize(s64)", "upper(s64)", 3),
    ("span_len", "span_len(sp)", "b + e", None),
    ("span_overlaps", "span_overlaps(sp, sq)", "b < e and e < b", None),
    ("span_contains", "span_contains(sp, sq)", "b < e and e < b", None),
    ("interval_align_score", "interval_align_score(b, e, b, e)", "b + e", None),
    ("span_make", "span_make(b, e)", "named_struct('b', b, 'e', e, 'l', b)", None),
]
# The same functions in Python: SQL over the columns, definition in test_udf_random, columns, type of the result.
PYTHON = [
    ("stable_hash64(s16)", "hash64", ["s16"], "int64"),
    ("stable_hash128(s16)", "hash128", ["s16"], "string"),
    ("prefixed_hash64('p', s16)", "prefixed_parts", ["'p'", "s16"], "string"),
    ("stable_id('p', s16)", "stable_id", ["'p'", "s16"], "string"),
    ("stable_id_parts('p', s16, b, e)", "id_parts", ["'p'", "s16", "b", "e"], "string"),
    ("prefixed_hash_parts64('p', s16, b)", "prefixed_parts", ["'p'", "s16", "b"], "string"),
    ("stable_hash_any(s16)", "hash_any", ["s16"], "string"),
    ("span_id('p', s16, b, e)", "id_parts", ["'p'", "s16", "b", "e"], "string"),
    ("utf8_normalize(words)", "normalize", ["words"], "string"),
    ("utf8_null_if_blank(words)", "null_if_blank", ["words"], "string"),
    ("qname_normalize(s16, words)", "qname", ["s16", "words"], "string"),
    ("span_make(b, e)", "span", ["b", "e"], "span"),
    ("span_len(sp)", "span_len", ["sp"], "int64"),
    ("span_overlaps(sp, sq)", "overlap", ["sp", "sq"], "bool"),
    ("span_contains(sp, sq)", "contain", ["sp", "sq"], "bool"),
    ("interval_align_score(b, e, b, e)", "align_score", ["b", "e", "b", "e"], "float64"),
    ("col_to_byte(words, b % 9, 'UTF16')", "col_to_byte", ["words", "b % 9", "'UTF16'"], "int64"),
    ("canonicalize_byte_span(b, words, 3, e, words, 4, 'BYTE')", "byte_span",
     ["b", "words", "3", "e", "words", "4", "'BYTE'"], "bounds"),
    ("position_encoding_norm(change)", "encoding_of", ["change"], "int32"),
    ("list_compact(texts)", "compact", ["texts"], "texts"),
    ("list_unique_sorted(texts)", "unique_sorted", ["texts"], "texts"),
    ("map_get_default(entries, 'other', 'd')", "map_get", ["entries", "'other'", "'d'"], "string"),
    ("map_normalize(entries)", "map_normal", ["entries"], "entries"),
    ("struct_pick(record, 'b')", "pick", ["record", "'b'"], "picked"),
    ("cdf_change_rank(change)", "change_rank", ["change"], "int32"),
    ("cdf_is_upsert(change)", "is_upsert", ["change"], "bool"),
    ("cdf_is_delete(change)", "is_delete", ["change"], "bool"),
    ("cpg_score(b)", "score", ["b"], "float64"),
    ("semantic_tag('node', s16)", "same", ["'node'", "s16"], "string"),
]


def ours(args, calls):
    """{SQL of a call: (least processor time, least time by the clock)} in one session, in ms."""
    lines = [f"table t select {', '.join(f'{sql} as {name}' for name, sql in COLUMNS.items())} "
             f"from generate_series(1, {ROWS}) as g(n)",
             f"table long select repeat('abcdefghij', 100) || n as s1000 from generate_series(1, {LONG_ROWS}) as g(n)"]
    lines += [f"query {i} select count({call}) from {'long' if 's1000' in call else 't'}"
              for i, call in enumerate(calls)]
    done = subprocess.run([args.build / "bench/udf", str(args.runs)], input="\n".join(lines) + "\n", text=True,
                          capture_output=True, check=False,
                          env={**os.environ, "LD_LIBRARY_PATH": str(args.build / "lib")})
    if done.returncode != 0:
        raise common.Failed(done.stderr.strip()[-500:])
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {calls[int(one["query"])]: (min(one["cpu_ms"]), min(one["ms"])) for one in found}


def least_ms(context, call):
    times = []
    for _ in range(3):
        begin, by_clock = time.process_time(), time.perf_counter()
        context.sql(f"select count({call}) from t").collect()
        times.append(((time.process_time() - begin) * 1e3, (time.perf_counter() - by_clock) * 1e3))
    return tuple(map(min, zip(*times)))


def python_ms():
    """The same in datafusion-python over PYTHON_ROWS rows: its own functions, and for ours Python UDFs."""
    import datafusion
    import pyarrow as pa
    import test_udf_random as reference
    more = {"overlap": reference.span_test(lambda a, b: a[0] < b[1] and b[0] < a[1]),
            "contain": reference.span_test(lambda a, b: a[0] <= b[0] and b[1] <= a[1]),
            "is_upsert": lambda change: reference.change_rank(change) in (2, 3),
            "is_delete": lambda change: reference.change_rank(change) == 1,
            "score": float, "same": lambda _, value: value}
    types = {"int64": pa.int64(), "int32": pa.int32(), "string": pa.string(), "bool": pa.bool_(),
             "float64": pa.float64(), "span": reference.SPAN, "texts": pa.list_(pa.string()),
             "bounds": pa.struct([("bstart", pa.int64()), ("bend", pa.int64())]),
             "entries": pa.map_(pa.string(), pa.string()), "picked": pa.struct([("b", pa.string())])}
    context = datafusion.SessionContext()
    plain = {name: sql for name, sql in COLUMNS.items() if "span_make" not in sql}
    spans = {"sp": ("n", "n + n % 40"), "sq": ("n + 5", "n + 9")}
    plain.update({name: f"named_struct('bstart', {start}, 'bend', {end}, 'line_base', 0, 'col_unit', 'byte', "
                        "'end_exclusive', true)" for name, (start, end) in spans.items()})
    context.sql(f"create table t as select {', '.join(f'{sql} as {name}' for name, sql in plain.items())} "
                f"from generate_series(1, {PYTHON_ROWS}) as g(n)").collect()
    found = {}
    for call in {theirs for _, _, theirs, goal in BESIDE if goal and "s1000" not in theirs}:
        found[call] = least_ms(context, call)
    for i, (call, name, columns, result) in enumerate(PYTHON):
        definition = more.get(name) or getattr(reference, name)

        def batch(*arrays, definition=definition, result=result):
            rows = zip(*(array.to_pylist() for array in arrays))
            return pa.array([definition(*row) for row in rows], types[result])
        arguments = [context.sql(f"select {column} as c from t limit 1").schema().field(0).type for column in columns]
        context.register_udf(datafusion.udf(batch, arguments, types[result], "immutable", f"python{i}"))
        found[call] = least_ms(context, f"python{i}({', '.join(columns)})")
    return found


def main():
    parser = common.arguments(__doc__, runs=7)
    parser.add_argument("--no-python", action="store_true", help="without Python UDFs")
    args = parser.parse_args()
    if not (args.build / "bench/udf").exists():
        print("skipped: the driver is not built")
        return 0
    calls = list(dict.fromkeys([one for row in BESIDE for one in row[1:3]] + [row[0] for row in PYTHON]))
    times = ours(args, calls)
    peer = {} if args.no_python else python_ms()
    print(f"\n### Scalar functions beside the engine's own ({ROWS:,} rows in memory, processor time, "
          f"least of {args.runs} runs)\n")
    print("| | ns a row | beside | ns a row | ratio | goal | the same in datafusion-python | ratio |")
    print("|---" * 8 + "|")
    for title, mine, theirs, goal in BESIDE:
        rows = LONG_ROWS if "s1000" in mine else ROWS
        ns, other = times[mine][0] * 1e6 / rows, times[theirs][0] * 1e6 / rows
        wheel = peer[theirs][0] * 1e6 / PYTHON_ROWS if theirs in peer else None
        print(f"| {title} | {ns:.1f} | `{theirs}` | {other:.1f} | {ns / other:.2f} | {goal or ''} | "
              + (f"{wheel:.1f} | {ns / wheel:.2f} |" if wheel else "| |"))
    if args.no_python:
        return 0
    print(f"\n### Beside Python UDFs in datafusion-python ({PYTHON_ROWS:,} rows; goal: at least 50 times)\n")
    print("| | ns a row of processor time | Python, ns a row | times | times by the clock |\n|---|---|---|---|---|")
    for call in (row[0] for row in PYTHON):
        mine, python = ([ms * 1e6 / rows for ms in found[call]] for found, rows in ((times, ROWS), (peer, PYTHON_ROWS)))
        print(f"| `{call}` | {mine[0]:.1f} | {python[0]:.0f} | {python[0] / mine[0]:.0f} | {python[1] / mine[1]:.0f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
