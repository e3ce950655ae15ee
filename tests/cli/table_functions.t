# files by path: pinned, and below the project's folder only
$ mkdir -p shop/data
$ printf 'version: 1\n' > shop/pinion.yaml
$ printf 'id;amount\n1;10\n2;20\n' > shop/data/orders.csv
$ printf 'id\n1\n' > outside.csv
$ pinion -q -C shop run -c "select sum(amount) as total from read_csv('data/orders.csv', delimiter => ';')"
total
-----
   30
$ pinion -C shop run -c "select * from read_csv('../outside.csv')"
! pinion: read_csv: the SQL policy 'service' does not read '../outside.csv': it lies outside the project's folder [PN5163]
! hint: Below the project's folder the policy `service` is needed, anywhere else `admin`; or declare a dataset and read that by name.
[exit 2]
$ pinion -q -C shop --policy admin run -c "select * from read_csv('../outside.csv')"
id
--
 1
$ pinion -C shop run -c "select * from read_csv('data/orders.csv', separator => ';')"
! pinion: read_csv: there is no argument 'separator' [PN5160]
! …
[exit 2]
$ pinion -C shop run -c "select * from read_csv(concat('data/', 'orders.csv'))"
! pinion: read_csv: argument 1 (path) is no literal: concat('data/', 'orders.csv') [PN5120]
! …
[exit 2]
$ pinion -C shop run -c "select * from read_delta('data/gone')"
! pinion: read_delta('…/shop/data/gone'): there is no Delta table at '…/shop/data/gone' [PN4006]
! …
[exit 2]

# a view that reads by path has the inputs that it reads
$ mkdir -p shop/views shop/data
$ printf 'version: 1\n' > shop/pinion.yaml
$ printf 'id\n1\n2\n' > shop/data/numbers.csv
$ echo "select max(id) as most from read_csv('data/numbers.csv')" > shop/views/most.sql
$ pinion -q -C shop run -c "select most from most"
most
----
   2
$ pinion -q -C shop run -c "select lag_window(id) over (order by id) as before, list_unique(cast(id as varchar)) over () as ids from read_csv('data/numbers.csv')"
before  ids
------  ---------
  NULL  ["1","2"]
     1  ["1","2"]
