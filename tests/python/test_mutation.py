"""One change at a time: each that means something changes fingerprints and `pinion diff` names exactly its component
and item; each that means nothing changes no fingerprint. Two folders are compared, before and after the change."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

PROGRAM = os.environ.get("PN_BIN", "")
PLUGINS = pathlib.Path(os.environ.get("PN_BUILD_DIR", ".")) / "tests/plugins"
ALL = ("v", "r", "grouped", "hashed", "packed", "ordered", "nested", "stored")

PROJECT = """version: 1
name: base
datasets:
  orders: {format: csv, uri: data/orders.csv}
  events: {format: json, uri: data/events.json}
  facts: {format: delta, uri: data/facts}
  parts: {format: csv, uri: data/parts}
functions:
  packs: [{path: pack.so}]
"""
VIEWS = {
    "v": "select o.order_id, o.customer, o.amount * 2 as twice, e.kind\n"
         "from orders o join events e on o.order_id = e.id\nwhere o.amount >= 8\n",
    "r": "select customer, sum(twice) as s from v group by customer\n",
    "grouped": "select kind, count(*) as n, max(amount) as top from orders join events on order_id = id group by kind\n",
    "hashed": "select stable_hash64(customer) as h, upper(customer) as c from orders\n",
    "packed": "select double_it(order_id) as next from orders\n",
    "ordered": "select order_id, amount from orders order by amount, order_id limit 3\n",
    "nested": "with big as (select * from orders where amount > 5)\n"
              "select s.customer from (select customer, order_id from big) as s\n"
              "where s.order_id in (select id from events)\n",
    "stored": "select f.id, p.x from facts f left join parts p on f.id = p.x\n",
}
ORDERS = "order_id,customer,amount\n1,ada,10.5\n2,bob,20.0\n3,ada,5.25\n4,eve,8.0\n"
EVENTS = "".join(json.dumps({"id": i, "kind": k}) + "\n" for i, k in ((1, "web"), (2, "shop"), (4, "web")))


def pinion(*args, cwd=None, env=None, good=(0,)):
    done = subprocess.run([PROGRAM, *args], cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True)
    if done.returncode not in good:
        raise AssertionError(f"pinion {' '.join(map(str, args))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def edit(folder, name, old, new):
    text = (folder / name).read_text()
    assert old in text, f"'{old}' is not in {name}"
    write(folder, name, text.replace(old, new, 1))


def view(name, old, new):
    return lambda folder: edit(folder, f"views/{name}.sql", old, new)


def project(old, new):
    return lambda folder: edit(folder, "pinion.yaml", old, new)


def setting(text):
    return project("datasets:\n", f"settings: {{{text}}}\ndatasets:\n")


def data(name, text):
    return lambda folder: write(folder, name, text)


def make_delta(folder, rows, mode="overwrite"):
    """Writes the Delta table `facts` as another program would: without pinion's content digest."""
    import pyarrow
    from deltalake import write_deltalake
    write_deltalake(str(folder / "data/facts"), pyarrow.table({"id": rows}), mode=mode)


def append_delta(folder):
    make_delta(folder, [9], "append")


def other_pack(folder):
    with open(folder / "pack.so", "ab") as pack:  # another file, the same functions
        pack.write(b"\0")


def make_base(folder):
    write(folder, "pinion.yaml", PROJECT)
    for name, sql in VIEWS.items():
        write(folder, f"views/{name}.sql", sql)
    write(folder, "data/orders.csv", ORDERS)
    write(folder, "data/events.json", EVENTS)
    write(folder, "data/parts/a.csv", "x\n1\n")
    make_delta(folder, [1, 2, 3])
    shutil.copy(PLUGINS / "good.so", folder / "pack.so")


# name, change, view that is compared, exactly these components, a text that one of the items holds
P, S = ["plan"], ["settings"]
CHANGES = [
    ("a constant", view("v", ">= 8", ">= 9"), "v", P, "filter"),
    ("an operator", view("v", ">=", ">"), "v", P, "filter"),
    ("the kind of a join", view("v", " join ", " left join "), "v", P, "join"),
    ("the condition of a join", view("v", "= e.id", "= e.id + 1"), "v", P, ""),
    ("an expression", view("v", "* 2", "* 3"), "v", P, ""),
    ("a column more", view("v", ", e.kind", ", e.kind, 1 as one"), "v", P, "names"),
    ("a column less", view("v", ", e.kind", ""), "v", ["plan", "schema"], "events.kind"),
    ("the name of a column", view("v", "as twice, e.kind", "as twice, e.kind as k"), "v", P, "names"),
    ("the order of columns", view("v", "o.order_id, o.customer", "o.customer, o.order_id"), "v", P, "names"),
    ("distinct", view("v", "select o.", "select distinct o."), "v", P, ""),
    ("a condition more", view("v", ">= 8", ">= 8 and e.kind <> 'x'"), "v", P, "filter"),
    ("a function", view("hashed", "upper(", "lower("), "hashed", P, ""),
    ("a function of a pack", view("hashed", "stable_hash64", "stable_hash128"), "hashed", ["plan", "rewrite_tags", "udf"],
     "stable_hash128"),
    ("an aggregate", view("grouped", "max(", "min("), "grouped", P, "aggregate"),
    ("distinct inside an aggregate", view("grouped", "count(*)", "count(distinct customer)"), "grouped",
     ["plan", "schema"], "orders.customer"),
    ("a filter of an aggregate", view("grouped", "count(*)", "count(*) filter (where amount > 9)"), "grouped", P, ""),
    ("the grouping", view("grouped", "group by kind", "group by rollup(kind)"), "grouped", P, "aggregate"),
    ("a direction of sorting", view("ordered", "amount, order_id limit", "amount desc, order_id limit"), "ordered", P, "sort"),
    ("the place of nulls", view("ordered", "order by amount,", "order by amount nulls first,"), "ordered", P, "sort"),
    ("a limit", view("ordered", "limit 3", "limit 2"), "ordered", P, ""),
    ("an offset", view("ordered", "limit 3", "limit 3 offset 1"), "ordered", P, ""),
    ("a window", view("ordered", "order_id, amount from",
                        "order_id, row_number() over (order by order_id) as amount from"), "ordered", ["plan", "schema"], "orders.amount"),
    ("a condition in a CTE", view("nested", "> 5", "> 6"), "nested", P, "filter"),
    ("in to not in", view("nested", " in (", " not in ("), "nested", P, "join"),
    ("a cast", view("v", "o.customer", "cast(o.order_id as varchar) as customer"), "v", ["plan", "schema"], "orders.customer"),
    ("the case of a text", view("v", ">= 8", ">= 8 or e.kind = 'Web'"), "v", P, ""),
    ("union to union all", view("hashed", "from orders", "from orders union select 1, 'x'"), "hashed", P, ""),
    # what is read
    ("the content of a csv file", data("data/orders.csv", ORDERS.replace("20.0", "20.5")), "v", ["pins"], "orders.files"),
    ("the content of a json file", data("data/events.json", EVENTS.replace("shop", "mail")), "v", ["pins"], "events.files"),
    ("a file more in a folder", data("data/parts/b.csv", "x\n2\n"), "stored", ["pins"], "parts.files"),
    ("a name of a file in a folder", lambda f: (f / "data/parts/a.csv").rename(f / "data/parts/z.csv"), "stored", ["pins"],
     "parts.files"),
    ("a version of a Delta table", append_delta, "stored", ["pins"], "facts.version"),
    ("an option of reading", project("data/orders.csv}", "data/orders.csv, options: {null_regex: '^bob$'}}"), "v", ["pins"],
     "orders.scan_config"),
    ("a declared type", project("data/parts}", "data/parts, schema: {x: utf8}}"), "stored", ["pins", "plan", "schema"],
     "parts.x.type"),
    ("a declared nullability", project("data/parts}", "data/parts, schema: {x: int64 not null}}"), "stored",
     ["pins", "plan", "schema"], "parts.x.nullable"),
    ("the pack of a function", other_pack, "packed", ["udf"], "double_it.digest"),
    # what stands below
    ("rows of a view below", view("v", ">= 8", ">= 9"), "r", ["inputs"], "v.rows"),
    ("a column of a view below", view("v", "* 2", "* 3"), "r", ["inputs"], "v.columns.twice"),
    ("a type of a column below", view("v", "o.amount * 2 as", "cast(o.amount * 2 as float) as"), "r",
     ["inputs", "plan", "schema"], "v.twice.type"),
    ("data below", data("data/orders.csv", ORDERS.replace("20.0", "20.5")), "r", ["inputs"], "v.rows"),
    # settings, one of each class
    ("rows of a batch", setting("batch_size: 100"), "v", S, "datafusion.execution.batch_size"),
    ("the time zone of the session", setting("time_zone: '+02:00'"), "v", S, "datafusion.execution.time_zone"),
    ("statistics", setting("collect_statistics: 'false'"), "v", S, "datafusion.execution.collect_statistics"),
    ("the pushdown of filters", setting("parquet_pushdown: 'true'"), "v", S,
     "datafusion.execution.parquet.pushdown_filters"),
    ("the repartitioning of joins", setting("repartition_joins: 'false'"), "v", S, "datafusion.optimizer.repartition_joins"),
    ("hash joins", setting("datafusion.optimizer.prefer_hash_join: 'false'"), "v", S, "datafusion.optimizer.prefer_hash_join"),
    ("passes of the optimizer", setting("datafusion.optimizer.max_passes: '4'"), "v", S, "datafusion.optimizer.max_passes"),
    ("ANSI mode", setting("datafusion.execution.enable_ansi_mode: 'true'"), "v", S, "datafusion.execution.enable_ansi_mode"),
    ("how decimals are read", setting("datafusion.sql_parser.collect_spans: 'true'"), "v", S,
     "datafusion.sql_parser.collect_spans"),
    ("page indexes", setting("datafusion.execution.parquet.enable_page_index: 'false'"), "v", S,
     "datafusion.execution.parquet.enable_page_index"),
    ("the profile's statistics", project("name: base", "name: base\nprofile: symtable"), "v", S,
     "datafusion.execution.collect_statistics"),
    ("the store policy", setting("require_local_paths: 'true'"), "v", ["store_policy"], "require_local_paths"),
]


def touch(folder):
    for path in folder.rglob("*"):
        os.utime(path, (time.time() - 5e6, time.time() - 5e6))


def reorder(folder):
    lines = PROJECT.splitlines(keepends=True)
    at = lines.index("datasets:\n") + 1
    write(folder, "pinion.yaml", "".join(lines[:at] + lines[at:at + 4][::-1] + lines[at + 4:]))


def by_link(folder):
    (folder / "data/orders.csv").rename(folder / "elsewhere.csv")
    (folder / "data/orders.csv").symlink_to(folder / "elsewhere.csv")


def move_view(folder):
    (folder / "views/deep/er").mkdir(parents=True)
    (folder / "views/v.sql").rename(folder / "views/deep/er/v.sql")


def again(folder):
    shutil.rmtree(folder / "views")
    for name in reversed(list(VIEWS)):
        write(folder, f"views/{name}.sql", VIEWS[name])


# name, change, environment, views whose fingerprints must stay
NO_CHANGES = [
    ("nothing but the folder", None, {}, ALL),
    ("a comment", view("v", "select o.", "-- why\nselect /* what */ o."), {}, ALL),
    ("white space", view("v", "\nfrom orders o join", "\n\n   from   orders o\tjoin"), {}, ALL),
    ("the case of keywords", view("v", "select", "SELECT"), {}, ALL),
    ("the case of names", view("hashed", "from orders", "from ORDERS"), {}, ALL),
    ("a semicolon", view("r", "customer\n", "customer;\n"), {}, ALL),
    ("line ends", lambda f: (f / "views/v.sql").write_bytes(VIEWS["v"].replace("\n", "\r\n").encode()), {}, ALL),
    ("parentheses", view("v", "o.amount >= 8", "((o.amount) >= (8))"), {}, ALL),
    ("an alias of a table", lambda f: write(f, "views/v.sql", VIEWS["v"].replace("o.", "zz.").replace("orders o", "orders zz")),
     {}, ALL),
    ("an alias of a subquery", lambda f: write(f, "views/nested.sql", VIEWS["nested"].replace("as s", "as q").replace("s.", "q.")),
     {}, ALL),
    ("an alias inside a subquery", view("nested", "(select id from events)", "(select id as other from events)"), {}, ALL),
    ("the name of a CTE", lambda f: write(f, "views/nested.sql", VIEWS["nested"].replace("big", "large")), {}, ALL),
    ("a CTE instead of a subquery", lambda f: write(
        f, "views/nested.sql", "with big as (select * from orders where amount > 5), s as (select customer, order_id from big)\n"
        "select s.customer from s where s.order_id in (select id from events)\n"), {}, ALL),
    ("the folder of a view", move_view, {}, ALL),
    ("the order in which files were made", again, {}, ALL),
    ("times of files", touch, {}, ALL),
    ("a link to a dataset", by_link, {}, ALL),
    ("the order of datasets", reorder, {}, ALL),
    ("the name of the project", project("name: base", "name: other"), {}, ALL),
    ("a comment in the project", project("name: base", "name: base # here"), {}, ALL),
    ("an unrelated dataset", project("datasets:\n", "datasets:\n  more: {format: csv, uri: data/orders.csv}\n"), {}, ALL),
    ("an unrelated view", data("views/more.sql", "select 1 as one\n"), {}, ALL),
    ("a function that is not used", other_pack, {}, tuple(name for name in ALL if name != "packed")),
    ("an unread column of a view", view("v", ", e.kind", ", e.kind, o.amount + 1 as extra"), {}, ("r",)),
    ("an unread column's expression", view("v", "e.kind", "upper(e.kind) as kind"), {}, ("r",)),
    ("another output", lambda f: edit(f, "pinion.yaml", "functions:",
                                      "outputs: [{view: r, uri: out/r, format: parquet}]\nfunctions:"), {}, ALL),
    ("the policy of statements", lambda f: edit(f, "pinion.yaml", "functions:", "policies: {sql: admin}\nfunctions:"), {}, ALL),
    ("threads", setting("target_partitions: 1"), {}, ALL),
    ("more threads", setting("target_partitions: 8"), {}, ALL),
    ("memory", setting("memory_limit: 300MiB"), {}, ALL),
    ("the kind of memory pool", setting("memory_pool: greedy"), {}, ALL),
    ("the limit of spilling", setting("spill_limit: 1GiB"), {}, ALL),
    ("the limit of kept plans", setting("plan_cache_limit: 1MiB"), {}, ALL),
    ("how explain prints", setting("datafusion.explain.show_statistics: 'true'"), {}, ALL),
    ("how values print", setting("datafusion.format.null: none"), {}, ALL),
    ("planning threads", setting("datafusion.execution.planning_concurrency: '3'"), {}, ALL),
    ("the profile's memory and threads", project("name: base", "name: base\nprofile: prod"), {}, ALL),
    ("a Turkish locale", None, {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"}, ALL),
    ("a time zone", None, {"TZ": "Asia/Kathmandu"}, ALL),
    ("a home folder", None, {"HOME": "/nonexistent", "XDG_CACHE_HOME": "{tmp}/cache"}, ALL),
]


def check_change(base, folder, change):
    name, apply, subject, components, item = change
    apply(folder)
    document = json.loads(pinion("diff", f"{base}:{subject}", f"{folder}:{subject}", "--json"))
    assert len(document["changed"]) == 1, f"{name}: {subject} has not changed"
    found = document["changed"][0]
    assert found["left"]["fingerprint"] != found["right"]["fingerprint"]
    names = [component["component"] for component in found["components"]]
    assert names == components, f"{name}: components {names}, wanted {components}: {json.dumps(found)[:1500]}"
    items = [entry["item"] for component in found["components"] for entry in component["items"]]
    assert items and any(item in text for text in items), f"{name}: no item with '{item}' in {items}"
    if components in (S, ["udf"], ["store_policy"], ["pins"]):
        assert len(items) == 1, f"{name}: more than one item: {items}"


def fingerprints(folder, env=None):
    document = json.loads(pinion("-C", str(folder), "plan", "--json", env=env))
    return {entry["name"]: entry["fingerprint"] for entry in document["views"]}


def check_no_change(before, folder, tmp, change):
    name, apply, env, views = change
    if apply:
        apply(folder)
    after = fingerprints(folder, {key: value.format(tmp=tmp) for key, value in env.items()})
    for one in views:
        assert before[one] == after[one], f"{name}: {one} has changed"


def identity_parts(folder, env, file):
    """The identity parts of a bundle file of all views, by name: bytes."""
    pinion("-C", str(folder), *(("--set", env["SET"]) if "SET" in env else ()), "bundle", "export", *ALL, "-o", str(file),
           env={key: value for key, value in env.items() if key != "SET"})
    with tarfile.open(file) as tar:
        parts = {one.name: tar.extractfile(one).read() for one in tar if one.name.startswith("identity/")}
    assert len(parts) > len(ALL), f"only {len(parts)} identity parts"
    return parts


def check_places(base, tmp):
    """Another folder, process, number of threads, locale and time zone, all at once: the same bytes."""
    away = tmp / "a place away"
    shutil.copytree(base, away)
    here = identity_parts(base, {"SET": "target_partitions=1", "LC_ALL": "C", "TZ": "UTC"}, tmp / "here.pnb")
    there = identity_parts(away, {"SET": "target_partitions=8", "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu"},
                           tmp / "there.pnb")
    assert here == there, f"parts differ: {sorted(k for k in here.keys() | there.keys() if here.get(k) != there.get(k))}"


def main():
    if not os.access(PROGRAM, os.X_OK) or not (PLUGINS / "good.so").exists():
        print("no program to test (tools/build.sh)")
        return 77
    try:
        import deltalake  # noqa: F401
        import pyarrow  # noqa: F401
    except ImportError as missing:
        print(f"the module {missing.name} is not installed (tools/setup.sh)")
        return 77
    print(f"1..{len(CHANGES) + len(NO_CHANGES) + 1}")
    failed = number = 0
    with tempfile.TemporaryDirectory() as tmp:
        base = pathlib.Path(tmp) / "base"
        make_base(base)
        before = fingerprints(base)
        for change in CHANGES + NO_CHANGES:
            number += 1
            folder = pathlib.Path(tmp) / f"mutant {number}"
            shutil.copytree(base, folder)
            try:
                if len(change) == 5:
                    check_change(base, folder, change)
                else:
                    check_no_change(before, folder, tmp, change)
                print(f"ok {number} - {change[0]}")
            except AssertionError as problem:
                failed += 1
                print(f"# {problem}".replace("\n", "\n# "))
                print(f"not ok {number} - {change[0]}")
        try:
            check_places(base, pathlib.Path(tmp))
            print(f"ok {number + 1} - identity parts are the same bytes anywhere")
        except AssertionError as problem:
            failed += 1
            print(f"# {problem}".replace("\n", "\n# "))
            print(f"not ok {number + 1} - identity parts are the same bytes anywhere")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
