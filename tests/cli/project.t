# a new project builds at once
$ pinion init shop
! made shop/pinion.yaml, an example in views/ and data/
! next: pinion -C shop build
$ pinion -C shop check
ok: shop: 1 dataset, 2 views, 1 output
$ pinion -C shop plan
revenue_by_customer  … -> out/revenue_by_customer (delta, overwrite)
└── big_orders  …
    └── orders
$ pinion -C shop build
revenue_by_customer  2 rows  delta version 0  …  out/revenue_by_customer
$ pinion -C shop build revenue_by_customer
revenue_by_customer  2 rows  delta version 1  …  out/revenue_by_customer
$ pinion -C shop run --format csv -c 'select * from revenue_by_customer order by customer'
customer,orders,revenue
ada,2,42.75
grace,1,8.0
$ pinion init shop
! pinion: 'shop/pinion.yaml' is there already [PN8003]
! hint: Use the existing pinion.yaml, or choose another folder.
[exit 2]

# what init wrote is not overwritten
$ mkdir views && echo 'select 1 as one' > views/big_orders.sql
$ pinion -q init && cat views/big_orders.sql
select 1 as one

# lists
$ pinion -q init
$ pinion ls
datasets:
  orders  csv  data/orders.csv
views:
  big_orders  views/big_orders.sql
  revenue_by_customer  views/revenue_by_customer.sql
outputs:
  revenue_by_customer  delta  overwrite  out/revenue_by_customer
$ pinion ls --columns
datasets:
  orders  csv  data/orders.csv
    order_id  Int64
    customer  Utf8
    amount  Float64
views:
  big_orders  views/big_orders.sql
    order_id  Int64
    customer  Utf8
    amount  Float64
  revenue_by_customer  views/revenue_by_customer.sql
    customer  Utf8
    orders  Int64 not null
    revenue  Float64
outputs:
  revenue_by_customer  delta  overwrite  out/revenue_by_customer
$ pinion --agent ls | python3 -c "import json,sys; d=json.load(sys.stdin); print([v['name'] for v in d['views']])"
['big_orders', 'revenue_by_customer']
$ pinion udf ls | grep -c immutable > n; test "$(cat n)" -gt 5
$ pinion ls --autoload data --columns
datasets:
  orders  csv
    order_id  Int64
    customer  Utf8
    amount  Float64

# settings
$ pinion --set batch_size=77 ls --settings | grep '^datafusion.*batch_size'
datafusion.execution.batch_size = 77
datafusion.execution.enforce_batch_size_in_joins = false
datafusion.execution.parquet.write_batch_size = 1024
$ pinion --profile dev --json ls --settings | python3 -c "import json,sys; print(json.load(sys.stdin)['datafusion.execution.time_zone'])"
+00:00
$ pinion --set datafusion.no.such=1 ls --settings
! pinion: setting 'datafusion.no.such': config value "no" not found on ConfigOptions [PN2010]
!   Error setting config datafusion.no.such
!   caused by
!   Invalid or Unsupported Configuration: Config value "no" not found on ConfigOptions
! hint: `pinion ls --settings` lists the settings and their values.
[exit 2]

# plans as JSON
$ pinion -q init
$ pinion --json plan | python3 -c "import json,sys; d=json.load(sys.stdin); [print(v['name'], len(v['fingerprint']), v['tables'], 'output' in v) for v in d['views']]"
big_orders 64 [{'name': 'orders', 'kind': 'dataset'}] False
revenue_by_customer 64 [{'name': 'big_orders', 'kind': 'view'}] True
$ pinion --json check --schema | python3 -c "import json,sys; print(json.load(sys.stdin)['title'])"
pinion.yaml, version 1
$ pinion --json build | python3 -c "import json,sys; d=json.load(sys.stdin); print(d['views'], d['outputs'][0]['rows'])"
2 2

# a view that is read twice is shown once, and projects may lack views
$ printf 'version: 1\nname: d\n' > pinion.yaml
$ pinion plan
! no views: add a .sql file to views/
$ mkdir views && echo 'select 1 as a' > views/base.sql && echo 'select a from base' > views/mid.sql
$ echo 'select a from mid union all select a from base' > views/top.sql
$ echo 'select a from mid' > views/other.sql
$ pinion plan
other  …
└── mid  …
    └── base  …
top  …
├── base  …
└── mid  …  (see above)
$ pinion build
! nothing to write: pinion.yaml names no outputs

# the same fingerprints in another folder, locale and time zone
$ pinion -q init a && pinion -q init b
$ pinion -C a plan > a.plan; LC_ALL=C.UTF-8 TZ=Asia/Tokyo pinion -C b plan > b.plan; diff a.plan b.plan

# lineage
$ pinion -q init
$ pinion lineage revenue_by_customer revenue
revenue = sum(big_orders.amount)
├── big_orders.amount  (aggregate)
│   └── orders.amount  (identity)
└── big_orders.customer  (group)
$ pinion lineage big_orders amount
amount = orders.amount
├── orders.amount  (identity)
└── orders.amount  (filter)
$ pinion lineage revenue_by_customer revenu
! pinion: view 'revenue_by_customer' has no column 'revenu' [PN8109]
!   columns: customer, orders, revenue
! hint: did you mean 'revenue'?
[exit 2]
$ pinion lineage revenue
! pinion: there is no view 'revenue' [PN6008]
! hint: did you mean 'revenue_by_customer'? `pinion ls` lists the views
[exit 2]
$ pinion --json lineage big_orders amount
{
  "complete": true,
  "expression": "orders.amount",
  "inputs": [
    {
      "column": "amount",
      "kind": "identity",
      "role": "direct",
      "table": "orders"
    },
    {
      "column": "amount",
      "kind": "filter",
      "role": "indirect",
      "table": "orders"
    }
  ],
  "name": "amount"
}

# explain
$ pinion -q init
$ for k in logical optimized physical analyze substrait; do pinion explain big_orders --kind $k > $k.txt || echo "$k: $?"; test -s $k.txt || echo "$k is empty"; done
$ pinion explain -c 'select 1 as a'
Projection: Int64(1) AS a
  EmptyRelation: rows=1
$ pinion explain nothing
! pinion: there is no view 'nothing' [PN6008]
! hint: `pinion ls` lists the views; a view's name is the stem of its file.
[exit 2]
$ pinion explain big_orders -c 'select 1'
! pinion: 'explain' takes either a view or a query [PN8101]
! hint: `pinion explain --help` says what it takes
[exit 2]

# artifacts
$ pinion -q init
$ pinion explain revenue_by_customer --artifact schema_names
[
 "customer",
 "orders",
 "revenue"
]
$ pinion --json explain revenue_by_customer --artifact partition_count | grep -c '"kind": "evidence"'
1
$ pinion --json explain revenue_by_customer --all | python3 -c "import json,sys; a=json.load(sys.stdin)['artifacts']; print(len(a) > 40, sorted(n for n in a if 'error' in a[n]))"
True []
$ pinion explain revenue_by_customer --all
! pinion: '--all' prints one JSON document, so it needs --json [PN8101]
! hint: `pinion explain --help` says what it takes
[exit 2]
$ pinion explain revenue_by_customer --artifact statistic
! pinion: a bundle has no artifact 'statistic' [PN7030]
! hint: Did you mean 'statistics'?
[exit 2]
$ pinion -q run --format csv -c 'show views' | head -2
table_name,table_type,format
big_orders,view,""

# doctor
$ pinion -q init
$ pinion doctor | sed 's/^warn/ok  /' | awk '{print $1, $2}' | grep -v hint
ok pinion
ok engine
ok library
ok cache
ok extractor
ok pack
ok python
ok temporary
ok query
ok project
$ echo 'select nope from orders' > views/bad.sql
$ pinion doctor | grep -A1 ^fail
fail  project     view 'bad' (views/bad.sql): no field named nope [PN2002]
                  hint: The detail holds the engine's words. Check table and column names with `pinion ls` and `pinion ls --columns`.
$ pinion doctor > /dev/null
[exit 1]

# what keeps the project from opening is told once
$ pinion -q init
$ printf 'functions: {required: [nope]}\n' >> pinion.yaml
$ pinion doctor | grep -A1 ^fail
fail  project     1 required function is missing: nope [PN5181]
                  hint: Load the packs that have them (functions.packs in pinion.yaml). `pinion udf ls --all` lists what is there.

# error numbers
$ pinion explain-error PN6006
PN6006 VIEW_CYCLE (status PLAN, exit code 2)

Views read each other in a circle.
The message names the members in order; break the circle at one of them.
$ pinion --json explain-error 6006
{
  "number": "PN6006",
  "name": "VIEW_CYCLE",
  "status": "PLAN",
  "exit_code": 2,
  "summary": "Views read each other in a circle.",
  "remedy": "The message names the members in order; break the circle at one of them."
}
$ pinion explain-error PN0000
! pinion: there is no error 'PN0000' [PN8108]
! hint: `pinion explain-error --all` lists them all.
[exit 2]
$ pinion explain-error --all | awk '{print substr($1, 1, 2)}' | sort -u
PN
$ pinion explain-error
! pinion: 'explain-error' takes either a number or --all [PN8101]
! hint: `pinion explain-error --help` says what it takes
[exit 2]
