# what differs between two projects, down to its cause
$ pinion -q init a && pinion -q init b
$ pinion diff a b
unchanged big_orders
unchanged revenue_by_customer
$ sed -i 's/amount >= 8/amount >= 9/' b/views/big_orders.sql
$ pinion diff a b
changed   big_orders  … -> …
  plan
    filter: condition … $2 >= 8 -> $2 >= 9
changed   revenue_by_customer  … -> …  (by a view below)
  inputs
    big_orders.rows: … -> …
$ pinion diff a:revenue_by_customer b:revenue_by_customer
changed   revenue_by_customer  … -> …  (by a view below)
  inputs
    big_orders.rows: … -> …
  because view big_orders changed
    plan
      filter: condition … $2 >= 8 -> $2 >= 9
$ sed -i 's/^profile: dev/profile: dev\nsettings: {batch_size: 100}/' a/pinion.yaml
$ pinion -C b diff ../a:big_orders big_orders | tail -2
  settings
    datafusion.execution.batch_size: 100 -> 8192
$ pinion -C a diff big_orders nothing
! pinion: there is no view 'nothing' [PN6008]
! hint: `pinion ls` lists the views; a view's name is the stem of its file.
[exit 2]

# a view that was not built
$ pinion -q init
$ pinion why big_orders
big_orders  not built yet  …
$ pinion --agent why big_orders
{"view":"big_orders","state":"new"}

# running again gives the same rows
$ pinion -q init
$ pinion verify big_orders
big_orders  …  3 rows
  promise  stable_set
    big_orders: result: its rows have no total order (stable_set)
  result   recorded, to compare with later
$ pinion verify big_orders
big_orders  …  3 rows
  promise  stable_set
    big_orders: result: its rows have no total order (stable_set)
  result   matches the recorded one: canonical
$ sed -i 's/"rows":"3"/"rows":"4"/' .pinion/results/*/*.json; pinion verify big_orders
big_orders  …  3 rows
  promise  stable_set
    big_orders: result: its rows have no total order (stable_set)
  result   differs from the recorded one
[exit 1]
$ echo '[' > $(ls .pinion/results/*/*.json); pinion verify big_orders
! pinion: what was recorded of bundle … is no digest [PN6060]
! hint: Record it again: `pinion verify VIEW --record`, after making sure that the result is right.
[exit 3]
$ pinion verify big_orders --record | tail -1
  result   recorded, to compare with later

# what a kept bundle needs and is gone is named, and what can run below it is verified
$ mkdir views && printf 'a\n1\n2\n' > t.csv && printf 'a\n2\n' > u.csv && echo 'select a, a * 2 as b from t' > views/low.sql
$ echo 'select low.a, b from low join u on low.a = u.a' > views/top.sql
$ printf 'version: 1\ndatasets:\n  t: {format: csv, uri: t.csv}\n  u: {format: csv, uri: u.csv}\noutputs:\n  - {view: top, uri: out}\n  - {view: low, uri: low}\n' > pinion.yaml
$ pinion -q build --record-results > /dev/null; f=$(cut -c1-12 .pinion/bundles/views/top); pinion verify $f | sed 1d
  promise  stable_set
    top: result: its rows have no total order (stable_set)
  result   matches the recorded one: canonical
$ sed -i '/ u:/d' pinion.yaml; f=$(cut -c1-12 .pinion/bundles/views/top); pinion verify $f
top  …  not run: something it needs is missing here or differs
dataset u missing
  needs {…
  promise  stable_set
    top: result: its rows have no total order (stable_set)
low  …  2 rows
  promise  stable_set
    low: result: its rows have no total order (stable_set)
  result   matches the recorded one: canonical
[exit 1]
$ f=$(cut -c1-12 .pinion/bundles/views/top); pinion --agent verify $f | python3 -c "import json,sys; d=json.load(sys.stdin); print(d['match'], d['holds'], [n['name'] for n in d['needs']], [(b['name'], b['match'], b['result']['rows']) for b in d['below']])"
not_run False ['u'] [('low', 'canonical', 2)]
$ pinion verify top
! pinion: …
! …
[exit 2]

# what is digested, such as the version of a pin, stays a text
$ pinion -q init && pinion -q build > /dev/null && rm views/*
$ printf 'version: 1\ndatasets:\n  d: {format: delta, uri: out/revenue_by_customer}\noutputs:\n  - {view: many, uri: many}\n' > pinion.yaml
$ echo 'select count(*) as n from d' > views/many.sql && pinion -q build > /dev/null && rm -r out
$ pinion --json verify $(cut -c1-12 .pinion/bundles/views/many) | python3 -c "import json,sys; print([(n['kind'], n['name'], n['want']['version']) for n in json.load(sys.stdin)['needs']])"
[('dataset', 'd', '0')]

# without an argument all that the project writes is verified, each view once
$ mkdir views && printf 'a\n1\n2\n' > t.csv && printf 'b\n1\n' > u.csv
$ echo 'select a from t' > views/one.sql && echo 'select b from u' > views/two.sql && echo 'select 1 as c' > views/unwritten.sql
$ pinion verify
! pinion: there is no pinion.yaml in '$DIR' [PN8001]
! hint: Run pinion in a folder with a pinion.yaml, name one with -C DIR, or make one with `pinion init`.
[exit 2]
$ printf 'version: 1\ndatasets:\n  t: {format: csv, uri: t.csv}\n  u: {format: csv, uri: u.csv}\n' > pinion.yaml; pinion verify
! nothing to verify: pinion.yaml names no outputs
$ printf 'outputs:\n  - {view: two, uri: two}\n  - {view: one, uri: one}\n  - {view: two, uri: again, format: csv}\n' >> pinion.yaml
$ pinion verify two | tail -1
  result   recorded, to compare with later
$ pinion verify
two  …  1 row  matches the recorded one: canonical
one  …  2 rows  recorded, to compare with later
2 views: 1 as promised, 1 recorded now, 0 not as promised, 0 failed
$ sed -i 's/"rows":"1"/"rows":"7"/' .pinion/results/*/*.json; pinion verify
two  …  1 row  differs from the recorded one
one  …  2 rows  matches the recorded one: canonical
2 views: 1 as promised, 0 recorded now, 1 not as promised, 0 failed
[exit 1]
$ pinion --agent verify | python3 -c "import json,sys; d=json.load(sys.stdin); print(d['holds'], [(v['name'], v['match'], v['holds'], v['result']['rows']) for v in d['views']])"
False [('two', 'none', False, 1), ('one', 'canonical', True, 2)]
$ pinion verify --record && pinion verify > /dev/null
two  …  1 row  recorded, to compare with later
one  …  2 rows  recorded, to compare with later
2 views: 0 as promised, 2 recorded now, 0 not as promised, 0 failed
$ echo '[' > $(grep -l '"rows":"1"' .pinion/results/*/*.json); pinion verify
two  …  failed: what was recorded of bundle … is no digest [PN6060]
one  …  2 rows  matches the recorded one: canonical
2 views: 1 as promised, 0 recorded now, 0 not as promised, 1 failed
[exit 1]
$ pinion --agent verify | python3 -c "import json,sys; d=json.load(sys.stdin); print(d['holds'], [(v['name'], v['match'], v.get('error', {}).get('number')) for v in d['views']])"
False [('two', 'failed', 'PN6060'), ('one', 'canonical', None)]

# a file, the bundle that was built last, and the view as it is now
$ pinion -q init && pinion -q build > /dev/null
$ pinion why revenue_by_customer
revenue_by_customer  unchanged since it was built  …
$ pinion -q bundle export big_orders -o before.pnb
$ sed -i 's/amount >= 8/amount >= 9/' views/big_orders.sql
$ pinion why revenue_by_customer
revenue_by_customer  changed since it was built  … -> …
  inputs
    big_orders.rows: … -> …
  because view big_orders changed
    plan
      filter: condition … $2 >= 8 -> $2 >= 9
$ pinion diff before.pnb big_orders
changed   big_orders  … -> …
  plan
    filter: condition … $2 >= 8 -> $2 >= 9
