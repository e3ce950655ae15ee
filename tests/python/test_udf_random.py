"""Every scalar function of the built-in pack on random rows, beside a second implementation of its definition.

    UDF_ROWS=2000  UDF_SEED=20240229    rows per function; one seed gives the same rows everywhere

The definitions are written here once more, with hashlib, unicodedata and plain Python, from the reference of the
functions and from no line of C. Each function is called in SQL over columns (from an Arrow file: texts as Utf8,
LargeUtf8, Utf8View and dictionaries, and as a slice out of the middle), over literals, and over both at once.

Unicode versions differ: texts hold only letters that both sides know, those of Unicode 14 at the most; categories
and mappings of what came later are the library's business.
"""
import decimal
import hashlib
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unicodedata
import unittest

try:
    import pyarrow as pa
    import pyarrow.ipc
except ImportError as missing:
    print(f"the module {missing.name} is not installed (tools/setup.sh)")
    sys.exit(77)

ROWS = int(os.environ.get("UDF_ROWS", "2000"))
SEED = int(os.environ.get("UDF_SEED", "20240229"))
LITERAL_ROWS = 60
EXACT = decimal.Context(prec=1200)
WHITE = "\t\n\x0b\x0c\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200b))) + "\u2028\u2029\u202f\u205f\u3000"


# ---- the definitions ---------------------------------------------------------------------------

def hash64(text):
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") & (2**63 - 1)


def hash128(text):
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def strict(function):
    """Null when any argument is null."""
    return lambda *values: None if any(value is None for value in values) else function(*values)


def text_of(value):
    """The text form of a value."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float_text(value)
    return str(value)


def float_text(value):
    """Shortest digits that read back, a half between two such rounded away from zero, never with an exponent."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    digits, _, exponent = repr(value).partition("e")
    exact = decimal.Decimal(value)
    unit = decimal.Decimal(repr(value)).as_tuple().exponent
    up = exact.quantize(decimal.Decimal((0, (1,), unit)), decimal.ROUND_HALF_UP, EXACT)
    if float(up) == value:
        digits, exponent = f"{up:f}", ""
    sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    whole, _, fraction = digits.partition(".")
    point = len(whole) + int(exponent or 0)
    all_digits = whole + fraction
    if point <= 0:
        whole, fraction = "0", "0" * -point + all_digits
    else:
        whole, fraction = all_digits[:point].ljust(point, "0"), all_digits[point:]
    fraction = fraction.rstrip("0")
    return sign + (whole.lstrip("0") or "0") + ("." + fraction if fraction else "")


def normalize_text(value, form="NFKC", casefold=True, collapse=True):
    value = value.strip(WHITE)
    if not value:
        return ""
    name = form.strip(WHITE).upper()
    value = unicodedata.normalize(name if name in ("NFC", "NFD", "NFKD") else "NFKC", value)
    value = value.lower() if casefold else value
    return re.sub(f"[{WHITE}]+", " ", value.strip(WHITE)) if collapse else value


def joined(parts):
    return "\x1f".join("__NULL__" if part is None else text_of(part) for part in parts)


def id_parts(prefix, *parts):
    return None if prefix is None else f"{prefix}:{hash128(joined(parts))}"


def stable_id(prefix, *values):
    if len(values) > 1:
        return id_parts(prefix, *values)
    return None if prefix is None or values[0] is None else f"{prefix}:{hash128(text_of(values[0]))}"


def prefixed_parts(prefix, *parts):
    return None if prefix is None else f"{prefix}:{hash64(joined(parts))}"


def hash_any(value, canonical=True, sentinel="__NULL__"):
    text = text_of(value)
    text = (sentinel if sentinel is not None else "__NULL__") if text is None else text
    return hash128(normalize_text(text, "NFKC", False, False) if canonical in (True, None) else text)


def normalize(value, form="NFKC", casefold=True, collapse=True):
    if value is None:
        return None
    given = [fallback if option is None else option
             for option, fallback in ((form, "NFKC"), (casefold, True), (collapse, True))]
    return normalize_text(value, *given) or None


def null_if_blank(value):
    return None if value is None else value.strip(WHITE) or None


def qname(symbol, module=None, _lang=None):
    symbol = normalize_text(symbol or "") or None
    module = normalize_text(module or "") or None
    return symbol if symbol is None or module is None or "." in symbol else f"{module}.{symbol}"


def span(bstart, bend, base=0, unit="byte", exclusive=True):
    return {"bstart": bstart, "bend": bend, "line_base": base, "col_unit": "byte" if unit is None else unit,
            "end_exclusive": True if exclusive is None else exclusive}


def bounds(value):
    if value is None or value["bstart"] is None or value["bend"] is None:
        return None
    return value["bstart"], value["bend"] + (1 if value["end_exclusive"] is False else 0)


def span_len(value):
    return None if bounds(value) is None else value["bend"] - value["bstart"]


def span_test(function):
    def test(left, right):
        a, b = bounds(left), bounds(right)
        return None if a is None or b is None else function(a, b)
    return test


def align_score(*four):
    return None if None in four else -float(four[3] - four[2])


def unit_of(text):
    text = ("" if text is None else text).strip(WHITE).upper()
    if text.isascii() and text.isdigit():
        return {1: "UTF8", 2: "UTF16"}.get(int(text), "UTF32")
    if "BYTE" in text:
        return "BYTE"
    return next((unit for unit, names in (("UTF8", ("UTF8", "UTF-8")), ("UTF16", ("UTF16", "UTF-16")))
                 if any(name in text for name in names)), "UTF32")


def encoding_of(text):
    text = ("" if text is None else text).strip(WHITE)
    return {"UTF8": 1, "UTF16": 2}.get(unit_of(re.sub("(?i)byte", "", text)), 3)


def col_to_byte(line, column, unit):
    if line is None or column is None:
        return None
    column, unit = max(column, 0), unit_of(unit)
    if unit in ("BYTE", "UTF8"):
        return min(column, len(line.encode()))
    at = 0
    for char in line:
        if column <= 0:
            break
        column -= 2 if unit == "UTF16" and ord(char) > 0xffff else 1
        at += len(char.encode())
    return at


def byte_span(start, line, column, end, end_line, end_column, unit):
    sides = [None if None in (offset, text, at, unit) else offset + col_to_byte(text, at, unit)
             for offset, text, at in ((start, line, column), (end, end_line, end_column))]
    return {"bstart": sides[0], "bend": sides[1]}


def map_get(entries, key, default):
    for name, value in entries or ():
        if text_of(name) == key and value is not None:
            return text_of(value)
    return default


def map_normal(entries, key_case="lower", is_sorted=True):
    if entries is None:
        return None
    cased = {"lower": str.lower, "upper": str.upper, "none": str}[key_case or "lower"]
    pairs = [(cased(text_of(key)), text_of(value)) for key, value in entries if key is not None]
    return sorted(dict(pairs).items(), key=lambda pair: pair[0].encode()) if is_sorted in (True, None) else pairs


def compact(items):
    return None if items is None else [text_of(item) for item in items if item is not None]


def unique_sorted(items):
    return None if items is None else sorted(set(compact(items)), key=str.encode)


def pick(value, *names):
    return None if value is None else {name.strip(WHITE): value[name.strip(WHITE)] for name in names}


def change_rank(change):
    known = {"update_postimage": 3, "insert": 2, "delete": 1, "update_preimage": 0}
    return None if change is None else known.get(change.strip(WHITE).lower(), -1)


# ---- random rows -------------------------------------------------------------------------------

# Assigned at the latest in Unicode 14, so that an older library knows them as well.
KNOWN = [chr(c) for c in range(0x20, 0x30000)
         if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co") and
         unicodedata.category(chr(c)) == unicodedata.category(chr(c))]
CASED = [c for c in KNOWN if c.lower() != c or c.upper() != c]
MARKS = [c for c in KNOWN if unicodedata.combining(c)]


class Rows:
    """Values by kind, each null now and then."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def maybe(self, value, share=0.1):
        return None if self.random.random() < share else value

    def char(self):
        kind = self.random.random()
        if kind < 0.55:
            return chr(self.random.randrange(0x20, 0x7f))
        if kind < 0.65:
            return self.random.choice(WHITE)
        if kind < 0.75:
            return self.random.choice(CASED)
        if kind < 0.8:
            return self.random.choice(MARKS)
        if kind < 0.84:
            return self.random.choice("ΣσςİıßẞŉǰﬁﬃΐÅÅé")
        return self.random.choice(KNOWN) if kind < 0.97 else self.random.choice("𝄞😀𐐀𞤀")

    def plain(self):
        size = self.random.choice((0, 1, 2, 5, 12, 13, 31, 63, 64, 65, 127, 128, 129, 200, 256, 300))
        size = size if self.random.random() < 0.5 else self.random.randrange(40)
        if self.random.random() < 0.4:
            return "".join(self.random.choice("abc XYZ_09.\t") for _ in range(size))
        return "".join(self.char() for _ in range(size))

    def text(self):
        return self.maybe(self.plain())

    def short(self):
        return self.maybe(self.plain()[:6], 0.05)

    def integer(self):
        return self.maybe(self.random.choice((0, 1, -1, 7, 2**62, -2**62, self.random.randrange(-10**6, 10**6))))

    def offset(self):
        return self.maybe(self.random.randrange(0, 200))

    def base(self):
        return self.maybe(self.random.randrange(0, 3))

    def flag(self):
        return self.maybe(self.random.random() < 0.5)

    def number(self):
        kind = self.random.random()
        if kind < 0.3:
            return self.maybe(float(self.random.randrange(-1000, 1000)))
        if kind < 0.35:
            return self.random.choice((float("inf"), float("-inf"), 0.0, 1e21, 5e-324, 1.7976931348623157e308))
        return self.maybe(self.random.uniform(-1, 1) * 10 ** self.random.randrange(-30, 30))

    def span(self):
        if self.random.random() < 0.1:
            return None
        start = self.random.randrange(0, 50)
        return {"bstart": self.maybe(start, 0.05), "bend": self.maybe(start + self.random.randrange(0, 30), 0.05),
                "line_base": 0, "col_unit": "byte", "end_exclusive": self.flag()}

    def unit(self):
        return self.maybe(self.random.choice(("BYTE", "bytes", "utf32", "UTF-32", "3", " 3 ", "", "line", "17", "cp")))

    def wide_unit(self):
        return self.maybe(self.random.choice(("utf16", "UTF-16", "2", "PositionEncoding_UTF16", "utf8", "1", "byte")))

    def column(self):
        return self.maybe(self.random.randrange(-2, 40))

    def form(self):
        return self.maybe(self.random.choice(("NFC", "nfd", " NFKD ", "NFKC", "other")))

    def texts(self):
        return self.maybe([self.text() if self.random.random() < 0.5 else self.random.choice("abc")
                           for _ in range(self.random.randrange(6))])

    def integers(self):
        return self.maybe([self.integer() for _ in range(self.random.randrange(6))])

    def entries(self):
        names = ("a", "A", "b", "É", "é", "Straße", "ΟΣ", "key", "Key ")
        return self.maybe([(self.random.choice(names) if self.random.random() < 0.8 else self.plain(), self.text())
                           for _ in range(self.random.randrange(6))])

    def change(self):
        return self.maybe(self.random.choice(("insert", " Delete", "UPDATE_PREIMAGE", "update_postimage\n", "x", "")))

    def record(self):
        return self.maybe({"a": self.integer(), "b": self.text(), "c": self.texts()})


TEXT, LONG, FLAG = pa.string(), pa.int64(), pa.bool_()
SPAN = pa.struct([("bstart", LONG), ("bend", LONG), ("line_base", pa.int32()), ("col_unit", TEXT),
                  ("end_exclusive", FLAG)])
TYPES = {"text": TEXT, "short": TEXT, "integer": LONG, "offset": LONG, "base": pa.int32(), "flag": FLAG,
         "number": pa.float64(), "span": SPAN, "unit": TEXT, "wide_unit": TEXT, "column": LONG, "form": TEXT,
         "texts": pa.list_(TEXT), "integers": pa.list_(LONG), "entries": pa.map_(TEXT, TEXT), "change": TEXT,
         "record": pa.struct([("a", LONG), ("b", TEXT), ("c", pa.list_(TEXT))])}
# Other types that hold the same texts.
SHAPES = (pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string()))


class Fixed:
    """An argument that is a literal in every call."""

    def __init__(self, value):
        self.value = value


# (function, definition, kinds of the arguments)
CASES = [
    ("stable_hash64", strict(hash64), ("text",)),
    ("hash64", strict(hash64), ("short",)),
    ("stable_hash128", strict(hash128), ("text",)),
    ("hash128", strict(hash128), ("short",)),
    ("prefixed_hash", strict(lambda prefix, text: f"{prefix}:{hash64(text)}"), ("text", "short")),
    ("prefixed_hash64", strict(lambda prefix, text: f"{prefix}:{hash64(text)}"), ("short", "text")),
    ("stable_id", stable_id, ("short", "text")),
    ("stable_id", stable_id, ("short", "text", "integer")),
    ("stable_id_parts", id_parts, ("short", "text", "integer", "flag", "number")),
    ("stable_id_multi", id_parts, ("short", "text")),
    ("prefixed_hash_parts64", prefixed_parts, ("short", "text", "integer", "text")),
    ("prefixed_hash_parts", prefixed_parts, ("short", "number")),
    ("stable_hash_any", hash_any, ("text",)),
    ("stable_hash_any", hash_any, ("number",)),
    ("stable_hash", hash_any, ("text", Fixed(False))),
    ("stable_hash_any", hash_any, ("text", Fixed(True), Fixed(" nothing "))),
    ("span_id", id_parts, ("short", "text", "offset", "offset")),
    ("span_id", id_parts, ("short", "text", "offset", "offset", "short")),
    ("utf8_normalize", normalize, ("text",)),
    ("normalize_utf8", normalize, ("text", Fixed("NFC"), Fixed(False), Fixed(True))),
    ("utf8_normalize", normalize, ("text", Fixed("nfd"), Fixed(True), Fixed(False))),
    ("utf8_normalize", normalize, ("text", Fixed(" NFKD "), Fixed(False), Fixed(False))),
    ("utf8_null_if_blank", null_if_blank, ("text",)),
    ("null_if_blank", null_if_blank, ("short",)),
    ("qname_normalize", qname, ("text", "short")),
    ("qualname_normalize", qname, ("short", "short", "short")),
    ("qname_normalize", qname, ("text",)),
    ("span_make", span, ("offset", "offset")),
    ("span", span, ("offset", "offset", "base", "unit", "flag")),
    ("span_len", span_len, ("span",)),
    ("span_overlaps", span_test(lambda a, b: a[0] < b[1] and b[0] < a[1]), ("span", "span")),
    ("span_contains", span_test(lambda a, b: a[0] <= b[0] and b[1] <= a[1]), ("span", "span")),
    ("interval_align_score", align_score, ("offset", "offset", "offset", "integer")),
    ("col_to_byte", col_to_byte, ("text", "column", "unit")),
    ("canonicalize_byte_span", byte_span, ("offset", "text", "column", "offset", "text", "column", "unit")),
    ("position_encoding_norm", encoding_of, ("unit",)),
    ("position_encoding_norm", encoding_of, ("wide_unit",)),
    ("list_compact", compact, ("texts",)),
    ("list_compact", compact, ("integers",)),
    ("list_unique_sorted", unique_sorted, ("texts",)),
    ("array_unique_sorted", unique_sorted, ("integers",)),
    ("map_get_default", map_get, ("entries", Fixed("a"), "short")),
    ("map_get_default", map_get, ("entries", Fixed("Straße"), Fixed("none"))),
    ("map_normalize", map_normal, ("entries",)),
    ("map_normalize", map_normal, ("entries", Fixed("upper"), Fixed(True))),
    ("map_normalize", map_normal, ("entries", Fixed("none"), Fixed(False))),
    ("struct_pick", pick, ("record", Fixed("c"), Fixed(" a "))),
    ("struct_select", pick, ("record", Fixed("b"))),
    ("semantic_tag", lambda _, value: value, (Fixed("node"), "texts")),
    ("semantic_tag", lambda _, value: value, (Fixed("span"), "span")),
    ("cpg_score", lambda value: None if value is None else float(value), ("number",)),
    ("cdf_change_rank", change_rank, ("change",)),
    ("cdf_is_upsert", strict(lambda change: change_rank(change) in (2, 3)), ("change",)),
    ("cdf_is_delete", strict(lambda change: change_rank(change) == 1), ("change",)),
    ("async_echo", lambda value: value, ("text",)),
]
# All functions and aliases of the reference; array_compact is the engine's own.
NAMES = """arrow_metadata semantic_tag cpg_score stable_hash64 hash64 stable_hash128 hash128 prefixed_hash64 stable_id
    stable_id_parts stable_id_multi prefixed_hash_parts64 prefixed_hash_parts stable_hash_any stable_hash span_make span
    span_len interval_align_score span_overlaps span_contains span_id utf8_normalize normalize_utf8 utf8_null_if_blank
    null_if_blank qname_normalize qualname_normalize map_get_default map_normalize list_compact list_unique_sorted
    array_unique_sorted struct_pick struct_select cdf_change_rank cdf_is_upsert cdf_is_delete col_to_byte
    canonicalize_byte_span position_encoding_norm prefixed_hash async_echo"""


# ---- SQL ---------------------------------------------------------------------------------------

def literal(value, kind):
    """The value as SQL, or None when it has no literal."""
    if value is None:
        return f"arrow_cast(NULL, '{ENGINE_TYPES[kind]}')" if kind in ENGINE_TYPES else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, int):
        return f"arrow_cast('{value}', '{ENGINE_TYPES[kind]}')"
    if isinstance(value, float):
        return f"arrow_cast('{value!r}', 'Float64')"
    return None


ENGINE_TYPES = {kind: {TEXT: "Utf8", LONG: "Int64", FLAG: "Boolean", pa.int32(): "Int32",
                       pa.float64(): "Float64"}[type_]
                for kind, type_ in TYPES.items() if not pa.types.is_nested(type_)}


def make_project(folder):
    """The files in data/ as tables; functions that wait are called 300 rows at a time."""
    tables = "".join(f"  {path.stem}: {{format: arrow, uri: data/{path.name}}}\n"
                     for path in sorted((folder / "data").iterdir()))
    (folder / "pinion.yaml").write_text(
        f"version: 1\nfunctions:\n  async: {{timeout_ms: 60000, batch_rows: 300}}\ndatasets:\n{tables}")


def run(folder, sql):
    """The first column's rows."""
    make_project(folder)
    target = folder / "out.arrow"
    target.unlink(missing_ok=True)
    query = folder / "query.sql"
    query.write_text(sql, encoding="utf-8")
    words = [os.environ["PN_BIN"], "-q", "run", "--no-record", "-f", query, "-o", target]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=1200, cwd=folder)
    if done.returncode != 0:
        raise AssertionError(f"{sql[:500]}\n{done.stderr[-2000:]}")
    return pa.ipc.open_stream(target).read_all()


def plain(value):
    """Comparable: NaN equals itself, and zeros keep their sign."""
    return repr(value) if isinstance(value, float) else value


def write(path, columns):
    table = pa.table(columns)
    with pa.ipc.new_file(path, table.schema) as sink:
        sink.write_table(table, max_chunksize=1000)


class Scalars(unittest.TestCase):
    wanted = {}

    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="pn-udf-")
        cls.folder = pathlib.Path(cls.holder.name)
        (cls.folder / "data").mkdir()
        rows = Rows(SEED)
        cls.columns = {f"{kind}{copy}": [getattr(rows, kind)() for _ in range(ROWS)]
                       for kind in TYPES for copy in "ab"}
        table = {"row": pa.array(range(ROWS), LONG)}
        for name, values in cls.columns.items():
            type_ = TYPES[name[:-1]]
            table[name] = pa.array(values, type_)
            if type_ == TEXT and name.endswith("a"):
                for i, shape in enumerate(SHAPES[1:], 1):
                    table[f"{name}{i}"] = pa.array(values, type_).cast(shape)
        write(cls.folder / "data/rows.arrow", table)

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    def calls(self, kinds):
        """Per argument the column it is read from; equal kinds get different columns."""
        used = {}
        for kind in kinds:
            if isinstance(kind, Fixed):
                yield None, kind.value
            else:
                used[kind] = used.get(kind, -1) + 1
                yield f"{kind}{'ab'[used[kind] % 2]}", None

    def compare(self, sql, got, want, inputs):
        self.assertEqual(len(got), len(want), sql)
        wrong = [i for i in range(len(want)) if plain(got[i]) != plain(want[i])]
        if wrong:
            shown = [f"{inputs(i)!r}: got {got[i]!r}, want {want[i]!r}" for i in wrong[:3]]
            self.fail(f"{len(wrong)} of {len(want)} rows differ: {sql[:200]}\n" + "\n".join(shown))

    def both(self, case):
        """What a case wants, and its arguments by row."""
        _, definition, kinds = case
        arguments = list(self.calls(kinds))

        def inputs(row):
            return [value if name is None else self.columns[name][row] for name, value in arguments]
        if case not in self.wanted:
            self.wanted[case] = [definition(*inputs(row)) for row in range(ROWS)]
        return self.wanted[case], inputs, arguments

    def over_columns(self, shape):
        """All cases in one query over columns, text columns of one shape."""
        items, cases = [], []
        for case in CASES:
            want, inputs, arguments = self.both(case)
            words = []
            for name, value in arguments:
                twin = f"{name}{shape}" if name and shape and name.endswith("a") and TYPES[name[:-1]] == TEXT else name
                words.append(literal_of(value) if name is None else twin)
            items.append(f"{case[0]}({', '.join(words)}) as c{len(items)}")
            cases.append((items[-1], want, inputs))
        return items, cases

    def check(self, items, cases, tail, select):
        table = run(self.folder, f"select {', '.join(items)} from {tail}")
        for i, (sql, want, inputs) in enumerate(cases):
            with self.subTest(call=sql):
                self.compare(sql, table.column(i).to_pylist(), select(want), inputs)

    def test_columns_of_every_shape(self):
        for shape in ("", 1, 2, 3):
            items, cases = self.over_columns(shape)
            self.check(items, cases, "rows order by row", lambda want: want)

    def test_slices(self):
        start, count = ROWS // 7, ROWS // 2
        items, cases = self.over_columns("")
        shifted = [(sql, want, lambda i, inputs=inputs: inputs(i + start)) for sql, want, inputs in cases]
        self.check(items, shifted, f"(select * from rows order by row limit {count} offset {start}) order by row",
                   lambda want: want[start:start + count])

    def test_no_rows(self):
        items, cases = self.over_columns("")
        self.check(items, cases, "rows where row < 0", lambda want: [])

    def test_literals(self):
        """All arguments literals: folded while planning, so the plan holds the value."""
        for case in CASES:
            want, inputs, arguments = self.both(case)
            want = want[:LITERAL_ROWS]
            if any(name and name[:-1] not in ENGINE_TYPES for name, _ in arguments):
                continue
            calls = []
            for row in range(len(want)):
                words = [literal_of(value) if name is None else literal(value, name[:-1])
                         for (name, _), value in zip(arguments, inputs(row))]
                calls.append(f"{case[0]}({', '.join(words)}) as c{row}")
            with self.subTest(function=case[0]):
                sql = "select " + ", ".join(calls)
                table = run(self.folder, sql)
                self.compare(sql, [column.to_pylist()[0] for column in table.columns], want, inputs)

    def test_columns_beside_literals(self):
        """One argument after the other is a literal, the others are columns."""
        picks = random.Random(SEED + 1)
        items, cases = [], []
        for case in CASES:
            arguments = list(self.calls(case[2]))
            free = [i for i, (name, _) in enumerate(arguments) if name and name[:-1] in ENGINE_TYPES]
            if len([name for name, _ in arguments if name]) < 2:
                continue
            for fixed in free:
                value = picks.choice(self.columns[arguments[fixed][0]])
                words = [literal_of(one) if name is None else name for name, one in arguments]
                words[fixed] = literal(value, arguments[fixed][0][:-1])

                def inputs(row, arguments=arguments, fixed=fixed, value=value):
                    return [value if i == fixed else one if name is None else self.columns[name][row]
                            for i, (name, one) in enumerate(arguments)]
                items.append(f"{case[0]}({', '.join(words)}) as c{len(items)}")
                cases.append((items[-1], [case[1](*inputs(row)) for row in range(ROWS)], inputs))
        for first in range(0, len(items), 40):
            self.check(items[first:first + 40], cases[first:first + 40], "rows order by row", lambda want: want)

    def test_columns_that_split_a_character(self):
        """UTF-16 columns inside a surrogate pair and UTF-8 columns inside a character are errors, others are not."""
        rows = Rows(SEED + 2)
        seen = {True: 0, False: 0}
        for _ in range(12):
            line = "".join(rows.random.choice("aé€𝄞😀") for _ in range(6))
            for unit, encoding, width in (("UTF16", "utf-16-le", 2), ("UTF8", "utf-8", 1)):
                column = rows.random.randrange(0, len(line.encode(encoding)) // width)
                head = line.encode(encoding)[:column * width]
                try:
                    want = len(head.decode(encoding).encode())
                except UnicodeDecodeError:
                    want = None
                seen[want is None] += 1
                sql = f"select col_to_byte('{line}', {column}, '{unit}')"
                if want is None:
                    with self.assertRaises(AssertionError) as failure:
                        run(self.folder, sql)
                    self.assertIn("lies inside a character", str(failure.exception))
                else:
                    self.assertEqual(run(self.folder, sql).column(0).to_pylist(), [want], sql)
        self.assertTrue(all(seen.values()), seen)

    def test_every_character_in_both_cases(self):
        """Lower and upper case and the normal forms of every character that both sides know."""
        write(self.folder / "data/chars.arrow", {"row": range(len(KNOWN)), "c": pa.array(KNOWN, TEXT)})
        table = run(self.folder, "select map_keys(map_normalize(map([c], ['']), 'upper'))[1], "
                                 "map_keys(map_normalize(map([c], ['']), 'lower'))[1], "
                                 "utf8_normalize(c, 'NFC', false, false), utf8_normalize(c, 'NFKD', false, false), "
                                 "utf8_normalize(c) from chars order by row")
        wants = (str.upper, str.lower, lambda c: normalize(c, "NFC", False, False),
                 lambda c: normalize(c, "NFKD", False, False), normalize)
        for column, want in zip(table.columns, wants):
            self.compare("characters", column.to_pylist(), [want(c) for c in KNOWN], lambda i: hex(ord(KNOWN[i])))

    def test_every_function_is_here(self):
        """arrow_metadata has no rows of its own to compare; its tests are in C."""
        self.assertEqual(set(NAMES.split()) - {case[0] for case in CASES}, {"arrow_metadata"})


def literal_of(value):
    """A fixed argument as SQL."""
    return ("true" if value else "false") if isinstance(value, bool) else "'" + value.replace("'", "''") + "'"


if __name__ == "__main__":
    if not os.access(os.environ.get("PN_BIN", ""), os.X_OK):
        print("no built pinion (PN_BIN)")
        sys.exit(77)
    print(f"# {ROWS} rows, seed {SEED}, Unicode {unicodedata.unidata_version} here")
    unittest.main()
