# no project
$ pinion check
! pinion: there is no pinion.yaml in '$DIR' [PN8001]
! hint: Run pinion in a folder with a pinion.yaml, name one with -C DIR, or make one with `pinion init`.
[exit 2]
$ pinion build
! pinion: there is no pinion.yaml in '$DIR' [PN8001]
! hint: Run pinion in a folder with a pinion.yaml, name one with -C DIR, or make one with `pinion init`.
[exit 2]

# an unknown key names file, line, key and what is allowed
$ printf 'version: 1\nname: x\ndatasetz: {}\n' > pinion.yaml
$ pinion check
! pinion: pinion.yaml:3: unknown key 'datasetz' in the project file [PN8002]
!   Allowed in the project file: datasets, functions, name, outputs, policies, profile, results, settings, store, version.
! hint: Did you mean 'datasets'?
[exit 2]

# a wrong type
$ printf 'version: 1\ndatasets:\n  t: {format: csv, uri: [a]}\n' > pinion.yaml
$ pinion check
! pinion: pinion.yaml:3: uri must be a single value, not a list [PN8002]
! hint: The message gives file and line. docs/project-file.md describes every key; the JSON Schema is printed by `pinion check --schema`.
[exit 2]

# a missing file
$ printf 'version: 1\ndatasets:\n  t: {format: parquet, uri: gone.parquet}\n' > pinion.yaml
$ mkdir views && echo 'select * from t' > views/v.sql
$ pinion check
! pinion: view 'v' (views/v.sql): dataset 't': there is no '$DIR/gone.parquet' [PN4006]
! hint: Check the uri in pinion.yaml; relative uris count from its folder. A dataset that may be absent is marked optional: true with a schema.
[exit 2]
$ pinion run -c 'select * from t'
! pinion: dataset 't': there is no '$DIR/gone.parquet' [PN4006]
! hint: Check the uri in pinion.yaml; relative uris count from its folder. A dataset that may be absent is marked optional: true with a schema.
[exit 2]

# a wrong column
$ pinion -q init
$ pinion run -c 'select amonut from orders'
! pinion: no field named amonut. Did you mean 'orders.amount'? [PN2002]
!   No field named amonut. Did you mean 'orders.amount'?
!   Valid fields are orders.order_id, orders.customer, orders.amount.
! hint: The detail holds the engine's words. Check table and column names with `pinion ls` and `pinion ls --columns`.
[exit 2]
$ echo 'select amonut from orders' > views/v.sql
$ pinion check
! pinion: view 'v' (views/v.sql): no field named amonut. Did you mean 'orders.amount'? [PN2002]
!   No field named amonut. Did you mean 'orders.amount'?
!   Valid fields are orders.order_id, orders.customer, orders.amount.
! hint: The detail holds the engine's words. Check table and column names with `pinion ls` and `pinion ls --columns`.
[exit 2]

# a wrong table
$ pinion -q init
$ pinion run -c 'select * from ordres'
! pinion: there is no table 'ordres' [PN4009]
! hint: Did you mean 'orders'? `pinion ls` lists the names.
[exit 2]
$ pinion run -c 'select * from big_order'
! pinion: there is no table 'big_order' [PN4009]
! hint: Did you mean 'big_orders'? `pinion ls` lists the names.
[exit 2]

# views in a circle
$ mkdir views && printf 'version: 1\n' > pinion.yaml
$ echo 'select a from two' > views/one.sql; echo 'select a from three' > views/two.sql; echo 'select a from one' > views/three.sql
$ pinion check
! pinion: views form a cycle: one -> two -> three -> one [PN6006]
!   one -> two -> three -> one
! hint: The message names the members in order; break the circle at one of them.
[exit 2]

# a version that does not exist
$ pinion -q init && pinion -q build > /dev/null
$ printf 'version: 1\ndatasets:\n  r: {format: delta, uri: out/revenue_by_customer, version: 7}\n' > pinion.yaml
$ rm -r views; pinion run -c 'select * from r'
! pinion: dataset 'r' has no version 7 [PN4010]
!   delta table '$DIR/out/revenue_by_customer' at version 7 does not exist
! hint: The message names table and version. Choose one that the table's history still holds, or leave version out for the latest.
[exit 2]

# an unwritable folder
$ pinion -q init
$ rm -rf out && echo 'a file' > out
$ pinion build
! pinion: writing '$DIR/out/revenue_by_customer': cannot create the folder '$DIR/out/revenue_by_customer': Not a directory (os error 20) [PN2007]
! hint: The detail names the object. Check that it exists, credentials and the network.
[exit 3]
$ pinion init /proc/nothing
! pinion: making folder '/proc/nothing': No such file or directory [PN1004]
! hint: Check that the folder exists, that this user may write to it and that the disk has room. Nothing half-written was left.
[exit 3]

# an output that does not exist
$ pinion -q init
$ pinion build revenue
! pinion: 'revenue' is no output of the project [PN8004]
! hint: Outputs are listed in pinion.yaml under outputs; each names a file in views/ by its stem.
[exit 2]

# an output that fails leaves no rows behind
$ pinion -q init
$ printf 'order_id,customer,amount\n1,a,10\n' > data/orders.csv
$ echo "select 1/(order_id-1) as q from orders" > views/revenue_by_customer.sql
$ pinion build
! pinion: writing '$DIR/out/revenue_by_customer': writing delta table '$DIR/out/revenue_by_customer': divide by zero error [PN2003]
!   Failed to convert into Arrow schema: Divide by zero error
! hint: The detail holds the engine's words; `pinion explain` shows the plan.
[exit 3]
$ test -e out/revenue_by_customer/_delta_log && ls out/revenue_by_customer/_delta_log
[exit 1]
