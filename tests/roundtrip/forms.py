# SPDX-License-Identifier: Apache-2.0
"""The forms that must come back from Substrait, each as one query: (section, form, query, more settings and set-up).

Sections are relations, joins, expressions, aggregates and windows, types, and dialects.
"""

SETUP = (
    "create table t(a int, b int, s text, x double) as values (1, 10, 'one', 1.5), (2, 20, 'two', 2.5), "
    "(3, null, 'three', null), (3, 30, null, 3.5), (null, 40, 'p%c', -1.0)",
    "create table u(a int, c int) as values (1, 100), (3, 300), (null, 400), (5, 500)",
    "create table l as select column1 as id, column2 as list, column3 as nested from "
    "(values (1, make_array(1, 2), make_array(make_array(1), make_array(2, 3))), (2, null, null))",
    "create table r as select named_struct('f', a, 'g', s) as st, map([s], [a]) as m from t where s is not null",
    "create view v as select a, sum(b) as total from t group by a",
)


def cast(kind, value="'1'"):
    return f"select arrow_cast({value}, '{kind}') as k, arrow_typeof(arrow_cast({value}, '{kind}')) as n"


def column(kind, value="'1'"):
    return f"select k from (select arrow_cast(q.w, '{kind}') as k from (values ({value}), (null)) as q(w)) order by 1"


RELATIONS = (
    ("scan with pushed filters", "select a from t where b > 10 and s like 't%'"),
    ("scan of a view", "select total from v where a = 3"),
    ("projection, repeated output names", "select t.a, u.a from t, u where t.a = u.a"),
    ("projection, names with dots", "select a as \"t.a\" from t"),
    ("values", "select * from (values (1, 'x', null), (2, null, 3.5)) as q(i, j, k)"),
    ("values of nested types", "select * from (values ([1, null], named_struct('a', 1)), (null, null)) as q(i, j)"),
    ("no row", "select a, s from t where false"),
    ("one row of nothing", "select 1"),
    ("DISTINCT", "select distinct a, b > 15 from t"),
    ("DISTINCT ON", "select distinct on (a) a, b from t order by a, b desc"),
    ("ORDER BY, LIMIT, OFFSET", "select a, b from t order by b desc nulls last limit 2 offset 1"),
    ("ORDER BY hidden columns", "select s from t order by a + b, x - b"),
    ("UNION ALL", "select a from t union all select c from u"),
    ("UNION", "select a from t union select a from u"),
    ("INTERSECT", "select a from t intersect select a from u"),
    ("EXCEPT ALL", "select a from t except all select a from u"),
    ("GROUPING SETS", "select a, b, grouping(a), sum(x) from t group by grouping sets ((a), (a, b), ())"),
    ("one empty GROUPING SET", "select count(*) from t group by grouping sets (())"),
    ("ROLLUP", "select a, b, count(*) from t group by rollup (a, b)"),
    ("CUBE", "select a, s, count(*) from t group by cube (a, s)"),
    ("unnest of a list", "select id, unnest(list) from l"),
    ("unnest of a struct", "select unnest(st) from r"),
    ("unnest, recursive", "select id, unnest(unnest(nested)) from l"),
    ("unnest of several columns", "select unnest(list), unnest(nested) from l"),
    ("unnest, lateral", "select l.id, q.e from l, lateral (select unnest(l.list)) as q(e)"),
    ("unnest, grouped", "select unnest(list) e, unnest(nested) f, count(*) from l group by e, f"),
    ("recursive CTE", "with recursive n(i, j) as (select 1, 'x' union all select i + 1, j from n where i < 5) "
                      "select * from n"),
    ("recursive CTE, distinct", "with recursive n(i) as (select 1 union select (i + 1) % 4 from n) select * from n"),
    ("table function generate_series", "select * from generate_series(1, 10, 3)"),
    ("table function range of timestamps",
     "select * from range(timestamp '2020-01-01', timestamp '2020-01-04', interval '1' day)"),
    ("table function, filtered", "select value + 1 from generate_series(1, 9) where value > 6"),
    ("information about nested views", "select v.total, t.b from v join t on v.a = t.a where v.total > 5"),
)
JOINS = (
    ("inner", "select t.b, u.c from t join u on t.a = u.a"),
    ("inner, expression keys", "select t.b, u.c from t join u on t.a + 1 = u.a - 1"),
    ("left, with a filter", "select t.b, u.c from t left join u on t.a = u.a and t.b > 15"),
    ("left, on true", "select t.b, u.c from t left join u on true"),
    ("right", "select t.b, u.c from t right join u on t.a = u.a"),
    ("full", "select t.b, u.c from t full join u on t.a = u.a"),
    ("cross", "select t.b, u.c from t cross join u"),
    ("using", "select * from t join u using (a)"),
    ("natural", "select * from t natural join u"),
    ("nulls are equal", "select t.b, u.c from t join u on t.a is not distinct from u.a"),
    ("left semi", "select b from t left semi join u on t.a = u.a"),
    ("right semi", "select c from t right semi join u on t.a = u.a"),
    ("left anti", "select b from t left anti join u on t.a = u.a"),
    ("right anti", "select c from t right anti join u on t.a = u.a"),
    ("mark", "select b from t where a in (select a from u) or b = 40"),
    ("two marks", "select b from t where a in (select a from u) or b in (select c from u) or s is null"),
    ("null-aware anti", "select b from t where a not in (select a from u where a is not null)"),
    ("the same table thrice", "select x.a, y.a, z.a from t x, t y, t z where x.a = y.b / 10 and y.a = z.a"),
    ("inputs with repeated names", "select * from (t cross join u) as p cross join (u cross join t) as q"),
)
EXPRESSIONS = (
    ("EXISTS, correlated", "select b from t where exists (select 1 from u where u.a = t.a)"),
    ("scalar subquery", "select b, (select max(c) from u) from t"),
    ("scalar subquery, correlated", "select b, (select max(c) from u where u.a = t.a) from t"),
    ("= ANY", "select b from t where a = any (select a from u)"),
    ("> ALL", "select b from t where b > all (select c from u where c < 10)"),
    ("LIKE", "select s like 't%', s ilike 'T%', s not like 'o%' from t"),
    ("LIKE with an escape", "select s from t where s like 'p\\%c'"),
    ("~~ operators", "select s ~~ 't%', s !~~ 't%', s ~~* 'T%', s !~~* 'T%' from t"),
    ("SIMILAR TO", "select s similar to 't(wo|hree)', s not similar to 'one' from t"),
    ("regular expressions", "select s ~ '^t', s ~* '^T', s !~ '^t', s !~* '^T' from t"),
    ("BETWEEN", "select a between 1 and 2, a not between 1 and 2 from t"),
    ("IN, NOT IN", "select a in (1, 3), a not in (1, null) from t"),
    ("IS [NOT] DISTINCT FROM", "select a is distinct from b, a is not distinct from 1 from t"),
    ("IS TRUE, FALSE, UNKNOWN", "select (a > 1) is true, (a > 1) is not false, (a > 1) is unknown from t"),
    ("CASE, with and without operand", "select case a when 1 then 'x' else s end, case when a > 1 then b end from t"),
    ("bit operators", "select a & b, a | b, a ^ b, a << 2, b >> 1 from t"),
    ("containment operators", "select list @> make_array(1), make_array(1, 2) <@ list from l"),
    ("negation", "select -a, not (a > 1) from t"),
    ("cast, try_cast", "select cast(b as text), try_cast(s as int), a::double from t"),
    ("named struct and field access", "select named_struct('p', a, 'q', s)['q'], st['f'] from t, r"),
    ("map functions", "select map_keys(m), map_values(m) from r"),
    ("list, slice, access", "select [a, b], list[1], list[1:2] from t, l"),
    ("log with one and two arguments", "select log(b), log(2, b) from t"),
    ("functions with other names in Substrait", "select substr(s, 2), isnan(x) from t"),
    ("literal with field metadata", "select with_metadata(1, 'k', 'v') as w"),
    ("text with NUL", "select chr(0) || s from t"),
    ("sum of 500 terms", "select " + " + ".join(["a"] * 500) + " from t"),
)
AGGREGATES = (
    ("FILTER", "select sum(b) filter (where a > 1) from t"),
    ("DISTINCT", "select count(distinct a), sum(distinct b) from t"),
    ("ORDER BY", "select array_agg(b order by x desc nulls last), string_agg(s, ',' order by a, s) from t"),
    ("WITHIN GROUP", "select percentile_cont(0.5) within group (order by x) from t"),
    ("IGNORE NULLS", "select first_value(b ignore nulls order by s), last_value(b respect nulls order by s) from t"),
    ("repeated aggregates", "select sum(b) as p, sum(b) as q, sum(b) + 1 from t"),
    ("HAVING", "select a from t group by a having count(*) > 1"),
    ("window, ROWS", "select sum(b) over (order by x rows between 1 preceding and 1 following) from t"),
    ("window, RANGE with offsets", "select sum(b) over (order by x range between 1.0 preceding and current row) from t"),
    ("window, RANGE of intervals",
     "select count(*) over (order by d range between interval '1' day preceding and current row) "
     "from (values (date '2020-01-01'), (date '2020-01-02')) as q(d)"),
    ("window, GROUPS", "select sum(b) over (order by a groups between 1 preceding and current row) from t"),
    ("window, FILTER", "select count(*) filter (where b > 15) over (order by x) from t"),
    ("window, DISTINCT", "select count(distinct a) over (order by x rows unbounded preceding) from t"),
    ("window, IGNORE NULLS", "select first_value(b) ignore nulls over (order by s), lag(b) ignore nulls over "
                             "(order by s) from t"),
    ("window, PARTITION BY", "select a, row_number() over (partition by a order by b), rank() over (order by a) from t"),
    ("window, named", "select sum(b) over w, avg(b) over w from t window w as (partition by a order by x)"),
    ("QUALIFY", "select a, b from t qualify row_number() over (partition by a order by b) = 1"),
)
KINDS = (
    "Boolean", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float16", "Float32",
    "Float64", "Decimal32(7, 2)", "Decimal64(12, 3)", "Decimal128(20, 4)", "Decimal256(60, 5)", "Utf8", "LargeUtf8",
    "Utf8View", "Binary", "LargeBinary", "BinaryView",
)
TIMES = (
    ("Date32", "'2020-02-03'"), ("Date64", "'2020-02-03'"), ("Time32(s)", "'10:11:12'"), ("Time64(ns)", "'10:11:12'"),
    ("Timestamp(s)", "'2020-02-03T04:05:06'"), ("Timestamp(ns)", "'2020-02-03T04:05:06'"),
    ("Timestamp(us, \"UTC\")", "'2020-02-03T04:05:06Z'"), ("Timestamp(ms, \"+02:00\")", "'2020-02-03T04:05:06Z'"),
    ("Duration(ms)", "5"), ("Interval(YearMonth)", "'1 year'"), ("Interval(DayTime)", "'1 day'"),
    ("Interval(MonthDayNano)", "'1 month 2 days'"),
)
NESTED = (
    ("List(Int32)", "[1, null]"), ("List(non-null Int64)", "[1, 2]"), ("LargeList(Utf8)", "['x']"),
    ("FixedSizeList(2 x Int32)", "[1, 2]"), ("ListView(Int64)", "[1, 2]"), ("LargeListView(Int64)", "[1, 2]"),
    ("Dictionary(Int32, Utf8)", "'x'"), ("Dictionary(Int8, Int64)", "7"),
    ("RunEndEncoded(\"run_ends\": non-null Int32, \"values\": Utf8)", "'x'"),
    ("Struct(\"p\": Int32, \"q\": Utf8)", "named_struct('p', 1, 'q', 'x')"), ("FixedSizeBinary(1)", "x'61'"),
)
TYPES = tuple(
    [(kind, cast(kind)) for kind in KINDS] + [(kind, cast(kind, value)) for kind, value in TIMES + NESTED]
    + [("column of " + kind, column(kind)) for kind in KINDS]
    + [("column of " + kind, column(kind, value)) for kind, value in TIMES + NESTED]
    + [("map", "select map {'x': 1, 'y': null}"), ("typed null of a struct", "select cast(null as struct<p int>)")]
)
# (dialect, form, query)
DIALECTS = (
    ("generic", "quoted identifiers", "select \"A\" from (select a as \"A\" from t)"),
    ("postgresql", "casts", "select a::text, interval '1 day' from t"),
    ("mysql", "DIV by a function", "select a % 2 from t"),
    ("duckdb", "lambda", "select array_transform(list, x -> x + 1) from l"),
    ("duckdb", "lambda with an outer column", "select array_transform(list, x -> x + id) from l"),
    ("duckdb", "nested lambdas", "select array_transform(nested, x -> array_transform(x, y -> y * 2)) from l"),
    ("databricks", "lambda", "select array_transform(list, x -> x * 2) from l"),
    ("snowflake", "QUALIFY", "select a from t qualify rank() over (order by a) = 1"),
    ("clickhouse", "lambda", "select array_transform(list, x -> -x) from l"),
    ("ansi", "FETCH FIRST", "select a from t order by a fetch first 2 rows only"),
)

SECTIONS = (("Relations", RELATIONS), ("Joins", JOINS), ("Expressions", EXPRESSIONS),
            ("Aggregates and windows", AGGREGATES), ("Types", TYPES))
