# a build is recorded, and the store says what it did
$ pinion -q init
$ pinion store ls
! nothing is recorded yet
$ pinion -q build
revenue_by_customer  2 rows  delta version 0  …  out/revenue_by_customer
$ pinion store ls
table                rows  version   files      bytes  first       last
runs                    1        0       1  …
plans                   2        0       1  …
executions              1        0       1  …
pins                    1        0       1  …
lineage                11        0       1  …
$ pinion store query 'select label, status, profile_name from runs'
label  status  profile_name
-----  ------  ------------
build  ok      dev
! 1 row
$ pinion -q store query --format csv 'select view_name, kind, row_count, format, delta_version from executions'
view_name,kind,row_count,format,delta_version
revenue_by_customer,write,2,delta,0
$ pinion -q store query 'select * from fallbacks' --format jsonlines
$ pinion --agent store ls | python3 -c "import json,sys; print([t['table'] + ' ' + str(t['rows'] + 0) for t in json.load(sys.stdin)])"
['runs 1', 'plans 2', 'executions 1', 'pins 1', 'lineage 11']

# recording can be left out
$ pinion -q init
$ pinion -q build --no-record
revenue_by_customer  2 rows  …
$ pinion store ls
! nothing is recorded yet
$ printf '\nstore:\n  enabled: false\n' >> pinion.yaml
$ pinion -q build && pinion store ls
revenue_by_customer  2 rows  …
! nothing is recorded yet

# a query is recorded when it leaves a file, in a project
$ pinion -q init
$ pinion -q run -c 'select 1 as a' --format csv
a
1
$ pinion store ls
! nothing is recorded yet
$ pinion -q run -c 'select * from big_orders' -o rows.csv
$ pinion -q run -c 'select * from big_orders' -o again.csv --no-record
$ pinion -q store query --format csv 'select label, status from runs'
label,status
run,ok
$ pinion -q store query --format csv 'select kind, status, row_count from executions'
kind,status,row_count
stream,ok,3
$ pinion -q run -c 'select nope from orders' -o none.csv 2> /dev/null; echo $?
2
$ pinion -q store query --format csv 'select status, error_number from runs order by run_id'
status,error_number
ok,
failed,PN2002

# what cannot be recorded is a warning
$ pinion -q init && mkdir .pinion && touch .pinion/artifacts
$ pinion build
revenue_by_customer  2 rows  …
! pinion: warning: 16 rows are not recorded: … [PN4030]
! hint: …
$ pinion --json build 2> err | python3 -c "import json,sys; print([w['number'] for w in json.load(sys.stdin)['warnings']])"; cat err
['PN4030']

# gc says what it would do, and does it when told
$ pinion -q init && pinion -q build > out.txt && pinion -q build > out.txt
$ pinion store gc --older-than 30d
runs           would join 2 files
plans          would join 2 files
executions     would join 2 files
pins           would join 2 files
lineage        would join 2 files
! nothing was changed: --apply does what is listed
$ pinion store gc --apply
runs           joined 2 files
plans          joined 2 files
executions     joined 2 files
pins           joined 2 files
lineage        joined 2 files
$ pinion -q store query --format csv 'select count(*) as n from runs'
n
2
$ pinion store gc
! there is nothing to remove and nothing to join
$ pinion --json store gc --older-than 1d | python3 -c "import json,sys; d=json.load(sys.stdin); print(d['applied'], len(d['tables']))"
False 5
$ pinion store gc --older-than never
! pinion: option '--older-than' takes a time, not 'never' [PN8101]
! hint: write 500ms, 30s, 5m, 1h or 7d
[exit 2]

# exports
$ pinion -q init && pinion -q build > out.txt
$ pinion -q store export -o all && ls all
cache_events.parquet
diagnostics.parquet
executions.parquet
fallbacks.parquet
lineage.parquet
pins.parquet
plans.parquet
runs.parquet
$ pinion -q store export runs -o runs.csv && wc -l < runs.csv
2
$ pinion -q store export -o texts --format jsonlines && wc -l < texts/lineage.jsonlines
11
$ pinion store export nothing -o x.csv
! pinion: the artifact store has no table 'nothing' [PN4034]
! hint: `pinion store ls --columns` lists the tables and their columns.
[exit 2]
$ pinion store export runs
! pinion: 'store export' needs -o DIR, or a table and -o FILE [PN8101]
! hint: …
[exit 2]

# the store is read only, and only a store or project has one
$ pinion store ls
! pinion: there is no artifact store and no project in '.' [PN4032]
! hint: …
[exit 2]
$ pinion -q init && pinion -q build > out.txt
$ pinion store query 'drop table runs' 2> err; echo $?
2
$ pinion store query 'select * from run'
! pinion: …'run'…
! hint: Did you mean 'runs'? …
[exit 2]
$ pinion store ls --columns | head -5
runs: one row per command that records
  event_time_unix_ms   int64      not null  when it was recorded, UTC
  event_date           date       not null  the day of it, UTC; the table is partitioned by it
  run_id               utf8       not null  UUIDv7 of the command; joins the tables
  label                utf8       not null  build, cpg build, run
