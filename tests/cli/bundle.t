# a bundle goes from one project to another
$ pinion -q init shop && pinion -q -C shop bundle export revenue_by_customer -o ../revenue.pnb
$ tar tf revenue.pnb | sed 's/[0-9a-f]\{64\}/…/' | sort | uniq -c | sed 's/^ *//'
1 evidence/snapshots/….json
1 evidence/…/expanded.substrait
2 evidence/…/lineage.json
2 evidence/…/source.sql
… identity/documents/….json
2 identity/plans/….substrait
2 identity/schemas/….json
1 manifest.json
$ pinion bundle show revenue.pnb | grep -v '^  [a-z_]*  *[0-9a-f]*$'
fingerprint …
view        revenue_by_customer
session     … functions, 1 table
reads
  view    big_orders  …
components
$ pinion replay revenue.pnb --autoload shop/data --format csv
customer,orders,revenue
ada,2,42.75
grace,1,8.0
$ mkdir other && cp -r shop/data other/ && pinion -q -C other replay ../revenue.pnb --autoload data -o out.csv && cat other/out.csv
customer,orders,revenue
ada,2,42.75
grace,1,8.0

# what a bundle needs and is not here is named, all of it
$ pinion -q init shop && pinion -q -C shop bundle export revenue_by_customer -o ../revenue.pnb
$ pinion replay revenue.pnb
! pinion: bundle … needs 1 thing that is missing here or differs, the first: dataset 'orders' [PN6026]
!   dataset 'orders' is missing
! hint: The detail names each: declare the datasets at the versions they are pinned to, load the packs, use the settings; or compile again to accept what is here.
[exit 1]
$ echo '9,eve,1.0' >> shop/data/orders.csv; pinion -C shop replay ../revenue.pnb --check | head -1
dataset orders differs
$ pinion -C shop replay ../revenue.pnb --check > /dev/null
[exit 1]

# it runs with its own settings
$ pinion -q init shop && pinion -q -C shop bundle export big_orders -o ../big.pnb
$ pinion --set batch_size=100 replay big.pnb --autoload shop/data --check
ok: everything the bundle needs is here

# a build keeps its bundles
$ pinion -q init shop && pinion -q -C shop bundle ls
$ pinion -q -C shop build > /dev/null && pinion -C shop bundle ls | cut -c14- | sort
* big_orders
* revenue_by_customer
$ pinion -C shop replay revenue_by_customer --from sql --format csv
customer,orders,revenue
ada,2,42.75
grace,1,8.0
$ pinion -C shop replay revenue_by_customer --from cache
! pinion: view 'big_orders': this session keeps no plans [PN6124]
! hint: Set `plan_cache_limit` to a size such as 64MiB; a session that a program opens needs `plan_cache_dir` too.
[exit 2]
$ pinion -q -C shop --set plan_cache_limit=1MiB build > /dev/null; find shop/.pinion/cache/plans -name '*.plan' | wc -l
2
$ pinion -C shop --set plan_cache_limit=1MiB replay revenue_by_customer --from cache --format csv
customer,orders,revenue
ada,2,42.75
grace,1,8.0
$ for f in shop/.pinion/cache/plans/*/*.plan; do printf x >> $f; done
$ pinion -C shop --set plan_cache_limit=1MiB replay big_orders --from cache 2>&1 | sed 's/ of bundle [0-9a-f]*//' | head -1
pinion: the kept plan has another length than it says [PN6121]
$ f=$(cut -c1-12 shop/.pinion/bundles/views/big_orders); pinion -C shop bundle show $f | sed -n 2p
view        big_orders
$ pinion -C shop replay nothing
! pinion: no bundle of view 'nothing' was recorded in '…' [PN6024]
! hint: `pinion bundle ls` lists what is kept, `pinion build` keeps what it builds; `pinion bundle export VIEW -o FILE` writes a view as it is now
[exit 2]

# a folder is no bundle file
$ mkdir d && pinion bundle import d
! pinion: 'd' is a folder, not a bundle file [PN8101]
! hint: …
[exit 2]

# import keeps, but is not what a view was built from
$ pinion -q init shop && pinion -q -C shop bundle export revenue_by_customer -o ../revenue.pnb
$ pinion bundle import revenue.pnb | cut -c13-
  revenue_by_customer
$ pinion bundle ls | cut -c14- | sort
  big_orders
  revenue_by_customer
$ pinion --json bundle ls | python3 -c "import json,sys; d=json.load(sys.stdin); print(sorted(d), d['views'])"
['bundles', 'damaged', 'views'] {}

# damage is found and named, and nothing of the file is used
$ pinion -q init shop && pinion -q -C shop bundle export big_orders -o ../big.pnb
$ python3 -c "import sys; d=bytearray(open('big.pnb','rb').read()); d[600]^=1; open('bad.pnb','wb').write(d)"
$ pinion bundle import bad.pnb
! pinion: 'bad.pnb': part '…' is damaged: its digest differs [PN6021]
! hint: The message names the part. Nothing of the file was used: get it again from where it came from, or compile the view again.
[exit 3]
$ pinion -q bundle ls
$ head -c 5000 big.pnb > cut.pnb; pinion bundle show cut.pnb
! pinion: 'cut.pnb' is no whole bundle file: its length is wrong at byte 5000 [PN6020]
! hint: Bundle files are written by `pinion bundle export`. Copy or export it again; a file that was unpacked and packed by a tar program is no bundle file any more.
[exit 3]
$ pinion bundle show nowhere.pnb
! pinion: opening 'nowhere.pnb': No such file or directory [PN1007]
! hint: Check the path; relative paths count from the folder of the project file, or from -C DIR.
[exit 2]

# Substrait for other engines
$ pinion -q init shop && pinion -q -C shop bundle export revenue_by_customer --substrait -o ../plan.substrait && test -s plan.substrait
$ pinion -C shop bundle export big_orders revenue_by_customer --substrait -o x
! pinion: '--substrait' takes one view, not 2 [PN8101]
! hint: export each view to a file of its own; without --substrait one file takes several
[exit 2]
$ echo 'select unnest([1, 2]) as x' > shop/views/spread.sql; pinion -C shop bundle export spread --substrait -o x
! pinion: bundle … uses what only pinion reads: … [PN6028]
! hint: The message names what is in the way: write the view without it, or export a bundle file for pinion.
[exit 2]

# mistakes
$ pinion -q init && pinion bundle export big_orders
! pinion: 'bundle export' needs -o FILE [PN8101]
! hint: for example -o big_orders.pnb
[exit 2]
$ pinion bundle show ab
! pinion: no bundle of view 'ab' was recorded in '…' [PN6024]
! hint: a fingerprint is named by 4 to 64 digits; `pinion bundle ls` lists them
[exit 2]
$ pinion -q bundle export big_orders revenue_by_customer -o two.pnb && pinion replay two.pnb
! pinion: the file holds 2 bundles, not one [PN8101]
!   views: big_orders, revenue_by_customer
! hint: choose one with --view VIEW
[exit 2]
$ pinion -q replay two.pnb --view big_orders --format csv --limit 1 | head -1
order_id,customer,amount
$ pinion replay two.pnb --view nothing
! pinion: 'two.pnb' holds no view 'nothing' [PN6008]
! hint: `pinion bundle show two.pnb` lists what it holds
[exit 2]
