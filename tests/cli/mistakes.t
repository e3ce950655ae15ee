# a group of verbs says what is in it
$ pinion store
! pinion: 'store' needs a verb behind it [PN8101]
! hint: `pinion store --help` lists them
[exit 2]
$ pinion store --help
usage: pinion store VERB [OPTION]… [ARGUMENT]…

verbs:
  store ls       list what is recorded about runs of the project
  store query    run a query over what is recorded
  store gc       remove old records of runs, join small files
  store export   write what is recorded to files

`pinion store VERB --help` tells more about a verb.
$ pinion help store | head -1
usage: pinion store VERB [OPTION]… [ARGUMENT]…
$ pinion help why | head -1
usage: pinion why VIEW
$ pinion bundle exprt x
! pinion: there is no verb 'bundle exprt' [PN8101]
! hint: did you mean `pinion bundle export`? `pinion --help` lists the verbs
[exit 2]

# the exit code of a verb stands once
$ pinion verify --help | grep '^  1 '
  1    a result differs more than promised, or a view cannot be verified
$ pinion bundle ls --help | grep '^  1 '
  1    a file is damaged
$ pinion plan --help | grep '^  1 '
  1    a check failed, or data differs from what was declared or recorded

# a usage shows options only where there are some, and a complaint points at the help of its verb
$ pinion plan now
! pinion: 'now' is one argument too many [PN8101]
! hint: usage: pinion plan
[exit 2]
$ pinion store export
! pinion: 'store export' needs -o DIR, or a table and -o FILE [PN8101]
! hint: `pinion store export --help` says what it takes
[exit 2]
$ pinion explain --artifact
! pinion: option '--artifact' needs a value: NAME [PN8101]
! hint: `pinion explain --help` says what it takes
[exit 2]

# diff: a folder that is none, and no project here
$ pinion diff ../before .
! pinion: '../before' is neither a project folder nor a bundle file [PN1007]
! hint: a project folder holds pinion.yaml; a view of one is FOLDER:VIEW
[exit 2]
$ pinion diff a b
! pinion: there is no pinion.yaml in '$DIR' [PN8001]
! hint: Run pinion in a folder with a pinion.yaml, name one with -C DIR, or make one with `pinion init`.
[exit 2]

# a digest is as short as a fingerprint
$ pinion -q init shop && cp -r shop before && echo '9,eve,1.0' >> shop/data/orders.csv
$ pinion -C shop diff ../before . | grep -c '[0-9a-f]\{40\}'
0
[exit 1]
$ pinion -C shop --json diff ../before . | grep -c '"orders.files"'
1

# verify names the view of a fingerprint, and says what to do with a file
$ pinion -q init shop && pinion -q -C shop build > /dev/null
$ pinion -C shop verify $(cut -c1-12 shop/.pinion/bundles/views/big_orders) | head -1
big_orders  …  3 rows
$ pinion -C shop verify revenue.pnb
! pinion: 'verify' takes a view or a fingerprint, not 'revenue.pnb' [PN8101]
! hint: `pinion bundle import FILE` keeps the bundles of a file and prints their fingerprints
[exit 2]
$ pinion -C shop why big_orders.sql
! pinion: there is no view 'big_orders.sql' [PN6008]
! hint: did you mean 'big_orders'? `pinion ls` lists the views
[exit 2]

# a file with several bundles lists them
$ pinion -q init shop && pinion -q -C shop bundle export big_orders revenue_by_customer -o two.pnb
$ pinion -C shop replay two.pnb
! pinion: the file holds 2 bundles, not one [PN8101]
!   views: big_orders, revenue_by_customer
! hint: choose one with --view VIEW
[exit 2]
$ pinion -C shop bundle export big_orders revenue_by_customer --substrait -o two
! pinion: '--substrait' takes one view, not 2 [PN8101]
! hint: export each view to a file of its own; without --substrait one file takes several
[exit 2]
$ pinion -C shop replay two.pnb --view big_orders --format csv --limit 1
order_id,customer,amount
1,ada,12.5

# what is no bundle file is said to be none
$ pinion -q init shop
$ pinion bundle show shop/data/orders.csv
! pinion: 'shop/data/orders.csv' is no bundle file [PN6020]
! hint: Bundle files are written by `pinion bundle export`. Copy or export it again; a file that was unpacked and packed by a tar program is no bundle file any more.
[exit 3]
$ pinion bundle show .
! pinion: '.' is a folder, not a bundle file [PN8101]
! hint: `pinion bundle show --help` says what it takes
[exit 2]
$ pinion replay nothing.pnb
! pinion: opening 'nothing.pnb': No such file or directory [PN1007]
! hint: Check the path; relative paths count from the folder of the project file, or from -C DIR.
[exit 2]

# queries of the store: -c as for run, and nothing but queries
$ pinion -q init shop && pinion -q -C shop build > /dev/null
$ pinion -q -C shop store query -c 'select label from runs' --format csv
label
build
$ pinion -C shop store query 'select 1' -c 'select 1'
! pinion: 'store query' needs one query [PN8101]
! hint: usage: pinion store query [OPTION]… SQL, or -c SQL
[exit 2]
$ pinion -C shop store query 'delete from runs'
! pinion: this is DELETE, not a query [PN6003]
! hint: the store is read only: SELECT, VALUES or WITH; `pinion store ls --columns` describes its tables
[exit 2]
$ pinion -C shop store export -o pinion.yaml
! pinion: 'pinion.yaml' is a file, not a folder [PN8101]
! hint: name a table to write one file: `pinion store export TABLE -o FILE`
[exit 2]

# one way to explain at a time
$ pinion -q init shop
$ pinion -C shop explain big_orders --kind physical --artifact statistics
! pinion: '--kind', '--artifact' and '--all' exclude each other [PN8101]
! hint: `pinion explain --help` says what it takes
[exit 2]
$ pinion -C shop explain big_orders --artifact explain_analyze --timeout 5s
! pinion: '--timeout' goes with '--kind analyze' [PN8101]
! hint: `pinion explain --help` says what it takes
[exit 2]
$ pinion -C shop explain big_orders --all --json --timeout 5s
! {"error":{"number":"PN8101","status":"INVALID","message":"'--timeout' goes with '--kind analyze'","detail":"","hint":"`pinion explain --help` says what it takes"}}
[exit 2]
$ pinion -C shop explain big_orders --timeout 5s
! pinion: '--timeout' goes with '--kind analyze' [PN8101]
! hint: `pinion explain --help` says what it takes
[exit 2]
$ pinion -C shop explain big_orders --kind analyze --timeout 5s > /dev/null
$ pinion -C shop explain big_orders --param a=1
! pinion: '--param' goes with a query, and 'big_orders' is a view [PN8101]
! hint: `pinion explain --help` says what it takes
[exit 2]
$ pinion -C shop explain big_orders --autoload .
! pinion: '--autoload' goes with a query, and 'big_orders' is a view [PN8101]
! hint: `pinion explain --help` says what it takes
[exit 2]

# a report of lineage has no columns to choose from
$ pinion -q init shop
$ pinion -C shop lineage big_orders amount --report
! pinion: '--report' is about a view, not about one column of it [PN8101]
! hint: `pinion lineage --help` says what it takes
[exit 2]

# queries of a graph, where there is none
$ pinion cpg query callers
! pinion: there is no query 'callers' in queries/ [PN8106]
! hint: there are no queries here: name the folder that `pinion cpg build` wrote, `pinion -C DIR cpg query`
[exit 2]

# one row is one row
$ pinion -q init shop && printf 'order_id,customer,amount\n1,ada,12.5\n' > shop/data/orders.csv
$ pinion -C shop build
revenue_by_customer  1 row  delta version 0  …  out/revenue_by_customer

# numbers in a plan read as they were written
$ pinion -q init shop && pinion -q -C shop build > /dev/null && sed -i 's/>= 8/>= 10/' shop/views/big_orders.sql
$ pinion -C shop why big_orders | tail -1
    filter: condition scalar_function.arguments[1].value.literal.fp64: $2 >= 8 -> $2 >= 10

# what is no view but looks like something else
$ pinion -q init shop
$ pinion -C shop verify views/big_orders.sql
! pinion: there is no view 'views/big_orders.sql' [PN6008]
! hint: did you mean 'big_orders'? `pinion ls` lists the views
[exit 2]
$ pinion -C shop lineage orders
! pinion: there is no view 'orders' [PN6008]
! hint: 'orders' is a dataset; `pinion ls` lists datasets and views
[exit 2]
$ pinion -C shop why data/orders.csv
! pinion: there is no view 'data/orders.csv' [PN6008]
! hint: a view is named without folder and ending; `pinion ls` lists the views
[exit 2]
$ pinion -C shop verify shop.pnb
! pinion: 'verify' takes a view or a fingerprint, not 'shop.pnb' [PN8101]
! hint: `pinion bundle import FILE` keeps the bundles of a file and prints their fingerprints
[exit 2]
$ pinion -C shop verify c7
! pinion: there is no view 'c7' [PN6008]
! hint: a fingerprint is named by 4 to 64 digits; `pinion bundle ls` lists them
[exit 2]
$ pinion -C shop verify bad
! pinion: there is no view 'bad' [PN6008]
! hint: `pinion ls` lists the views; a view's name is the stem of its file.
[exit 2]
$ pinion -C shop diff . views
! pinion: 'views' is neither a project folder nor a bundle file [PN1007]
! hint: a project folder holds pinion.yaml; a view of one is FOLDER:VIEW
[exit 2]

# functions that are not there
$ pinion udf show SUM
! pinion: there is no function 'SUM' [PN5106]
! hint: did you mean 'sum'? `pinion udf ls --all` lists all functions
[exit 2]
$ pinion udf show stable
! pinion: there is no function 'stable' [PN5106]
! hint: did you mean 'stable_hash'? `pinion udf ls --all` lists all functions
[exit 2]
$ pinion udf ls --tag nope
! no such functions: `pinion udf ls` lists all of the packs, `pinion udf snapshot --tags` their tags

# stores that are not there
$ pinion -q init shop
$ pinion -C shop --policy write run -c "copy orders to 's3://bucket/x.csv'"
! pinion: COPY has no storage_options, so it does not write to 's3://bucket/x.csv' [PN7034]
! hint: Declare an output of pinion.yaml with that uri and storage_options, or a dataset there and INSERT INTO it; or COPY to a local file.
[exit 2]
$ pinion -C shop --policy write run -c "copy orders to 'gs://bucket/x.csv'"
! pinion: the write to 'gs://bucket/x.csv' lies on Google Cloud Storage (gs://), which pinion does not reach [PN4007]
! hint: Locations are local paths and s3://bucket/key. Copy the data to one of them.
[exit 2]
$ sed -i 's|uri: out/revenue_by_customer|uri: "az://container/x"|' shop/pinion.yaml && pinion -C shop build
! pinion: pinion.yaml:12: output 'revenue_by_customer': the write to 'az://container/x' lies on Azure Storage (az://), which pinion does not reach [PN4007]
! hint: Locations are local paths and s3://bucket/key. Copy the data to one of them.
[exit 2]

# too few digits of a fingerprint
$ pinion -q init shop && pinion -C shop replay c7
! pinion: no bundle of view 'c7' was recorded in '$DIR/shop/.pinion/bundles' [PN6024]
! hint: a fingerprint is named by 4 to 64 digits; `pinion bundle ls` lists them
[exit 2]

# gc with nothing to do says so
$ pinion -q init shop && pinion -q -C shop build > /dev/null
$ pinion -C shop store gc --older-than 30d --apply
! there is nothing to remove and nothing to join
