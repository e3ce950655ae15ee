# a table
$ pinion run -c "select 1 as n, 'ä b' as text, null as nothing"
n  text  nothing
-  ----  -------
1  ä b   NULL
! 1 row

# csv quotes what must be quoted and tells null from empty
$ pinion run --format csv -c "select 'a,b' as x, 'say \"hi\"' as \"y,z\", '' as empty, null as none, [1,2] as list, 1.5 as f"
x,"y,z",empty,none,list,f
"a,b","say ""hi""","",,"[1,2]",1.5

# json, json lines, markdown
$ pinion run --format json -c "values (1, 'a'), (2, null)"
[
 {"column1":1,"column2":"a"},
 {"column1":2,"column2":null}
]
$ pinion --json run -c "select 1 as a where false"
[]
$ pinion --agent run -c "values (1, 'a'), (2, null)"
{"column1":1,"column2":"a"}
{"column1":2,"column2":null}
$ pinion run --format markdown -c "select 1 as n, 'a|b' as t"
|   n | t    |
|----:|------|
|   1 | a\|b |

# a cell is a line, and data does not drive the terminal
$ pinion -q run -c "select concat('a', chr(10), 'b', chr(27), '[31m') as t"
t
------------
a\nb\x1b[31m

# nested values
$ pinion run --format jsonlines -c "select [[1, 2], []] as l, timestamp '2026-01-02 03:04:05' as t, date '2026-01-02' as d, cast(1.50 as decimal(10,2)) as m"
{"l":[[1,2],[]],"t":"2026-01-02T03:04:05","d":"2026-01-02","m":1.50}

# a query from a file and from standard input
$ echo 'select 7 as seven -- a comment' > q.sql
$ pinion -q run -f q.sql
seven
-----
    7
$ echo 'select 8 as eight' | pinion -q run
eight
-----
    8
$ pinion run -f missing.sql
! pinion: cannot open 'missing.sql': No such file or directory [PN1007]
! hint: Check the path; relative paths count from the folder of the project file, or from -C DIR.
[exit 2]
$ pinion run < /dev/null
! pinion: standard input holds no query [PN8105]
! hint: Give one with -c SQL, with -f FILE, or on the standard input.
[exit 2]

# files are inferred by their names and are whole
$ pinion run -c 'select 1 as a' -o x.csv && cat x.csv
a
1
! 1 row in x.csv
$ pinion run -c 'select 1 as a' -o x.jsonl && cat x.jsonl
{"a":1}
! 1 row in x.jsonl
$ pinion run -c 'select 1 as a' -o x.parquet
! 1 row in x.parquet
$ pinion -q run --autoload . --format csv -c 'select * from x'
a
1
$ ls
x.csv
x.jsonl
x.parquet

# an output that cannot be written
$ pinion run -c 'select 1 as a' -o nowhere/x.csv
! pinion: cannot write 'nowhere/x.csv': No such file or directory [PN8102]
! hint: Check that the disk has room and that this user may write there. A file that was being written is removed.
[exit 3]
$ pinion run -c 'select 1 as a' > /dev/full
! pinion: cannot write to standard output: No space left on device [PN8102]
! hint: Check that the disk has room and that this user may write there. A file that was being written is removed.
[exit 3]
$ pinion run -c 'select 1 as a' -o /dev/full
! pinion: cannot write to '/dev/full': No space left on device [PN8102]
! hint: Check that the disk has room and that this user may write there. A file that was being written is removed.
[exit 3]
$ pinion run --format parquet -c 'select 1'
! pinion: format 'parquet' needs -o FILE [PN8101]
! hint: for example -o rows.parquet
[exit 2]
$ ls

# a file whose writing fails in the middle is not left behind
$ printf 'n\n1\n2\n0\n' > t.csv
$ pinion run --autoload . -c 'select 1/n as q from t' -o out.csv
! …
[exit 3]
$ ls
t.csv

# a limit stops the query
$ printf 'n\n1\n2\n3\n' > t.csv
$ pinion run --autoload . --limit 2 --format csv -c 'select n from t order by n'
n
1
2
$ pinion run --autoload . --limit 0 --format csv -c 'select n from t order by n'
n

# a limit cuts columns with nulls, and the file it writes is readable
$ printf 'n,t\n1,a\n,b\n3,\n4,d\n' > t.csv
$ pinion run --autoload . --limit 3 --format arrow -c 'select n, t from t' -o t.arrow
! 3 rows in t.arrow
$ mkdir two && cp t.arrow two/ && pinion run --autoload two --format csv -c 'select * from t'
n,t
1,a
,b
3,

# a reader that goes away is no failure
$ python3 -c "print('n'); [print(i) for i in range(2000)]" > t.csv
$ { pinion run --autoload . --format csv -c 'select a.n from t a, t b'; echo $? > code; } | head -1
n
$ cat code
0

# a time limit
$ python3 -c "print('n'); [print(i) for i in range(2000)]" > t.csv
$ pinion run --autoload . --timeout 300ms -c 'select count(*) from t a, t b, t c where a.n+b.n+c.n < 0'
! pinion: the query ran longer than its stated time [PN7004]
! hint: Raise timeout_ms, or make the query cheaper.
[exit 3]

# an interrupt
$ python3 -c "print('n'); [print(i) for i in range(2000)]" > t.csv
$ timeout --preserve-status -s INT 1 pinion run --autoload . -c 'select count(*) from t a, t b, t c where a.n+b.n+c.n < 0'
! pinion: the call was cancelled [PN1008]
! hint: Nothing half-written was left; run it again to complete it.
[exit 130]

# an interrupt while a query is read or rows are written
$ sh -c 'sleep 3' | timeout --preserve-status -s INT 0.5 pinion run
! pinion: cancelled while reading the query [PN1008]
! hint: Nothing half-written was left; run it again to complete it.
[exit 130]
$ python3 -c "print('n'); [print(i) for i in range(2000)]" > t.csv
$ { timeout --preserve-status -s INT 1 pinion run --autoload . --format csv -c 'select a.n from t a, t b'; echo $? > code; } | sleep 2
! pinion: cancelled while writing to standard output [PN1008]
! hint: Nothing half-written was left; run it again to complete it.
$ cat code
130

# ten thousand terms
$ python3 -c "print('select ' + '+'.join(['1'] * 10000) + ' as x')" > sum.sql
$ pinion run -f sum.sql
! pinion: the SQL text nests 10000 levels deep, more than 8000 [PN2004]
! hint: split the expression into views, or use IN (…) or an aggregate for long chains
[exit 2]

# a hundred thousand parentheses
$ python3 -c "print('select ' + '(' * 100000 + '1' + ')' * 100000)" > deep.sql
$ pinion run -f deep.sql
! pinion: the SQL text nests 100001 levels deep, more than 8000 [PN2004]
! hint: split the expression into views, or use IN (…) or an aggregate for long chains
[exit 2]

# parameters are typed literals
$ pinion -q run --format csv -c 'select $n + 1 as more, $1 as first, $d as day' --param n=41:int64 -p 1=a:b -p d=2020-02-29:date32
more,first,day
42,a:b,2020-02-29
$ printf 'id,name\n1,ada\n2,bob\n' > t.csv
$ pinion -q run --autoload . --format csv -c 'select name from t where id = $id' -p id=2
name
bob
$ pinion -q run --autoload . --format csv -c 'select name from t where id = $id' -p id=two
! pinion: parameter '$id' is 'two', which is no Int64 [PN6082]
! hint: State a type behind the value, NAME=VALUE:TYPE, or cast the parameter in the query. docs/policies.md lists the types.
[exit 2]

# statements that a reader may use
$ printf 'id,name\n1,ada\n2,bob\n' > t.csv
$ pinion -q run --autoload . -c 'show tables'
table_name  table_type  format
----------  ----------  ------
t           dataset     csv
$ pinion -q run --autoload . --format csv -c 'describe t'
column_name,data_type,is_nullable
id,Int64,YES
name,Utf8,YES
$ pinion -q run --autoload . --format jsonlines -c 'explain select 1 as a' | grep -o '"plan_type":"[a-z_]*"'
"plan_type":"logical_plan"
"plan_type":"physical_plan"
$ pinion -q run --autoload . --format csv -c 'show batch_size'
name,value
datafusion.execution.batch_size,8192

# statements that write need a policy
$ pinion run -c "copy (select 1 as a) to 'out.csv'"
! pinion: the SQL policy 'service' refuses COPY [PN5003]
! hint: 'COPY' is allowed from the policy 'write' on: --policy write, or policies.sql of pinion.yaml; PINION_SQL_POLICY narrows.
[exit 2]
$ pinion --policy write run -c "copy (select 1 as a) to 'out.csv'" && cat out.csv
a
1
! 1 row
$ PINION_SQL_POLICY=read_only pinion --policy write run -c "copy (select 1 as a) to 'more.csv'"
! pinion: the SQL policy 'read_only' refuses COPY [PN5003]
! hint: 'COPY' is allowed from the policy 'write' on: --policy write, or policies.sql of pinion.yaml; PINION_SQL_POLICY narrows.
[exit 2]
$ PINION_SQL_POLICY=everything pinion run -c "select 1"
! pinion: PINION_SQL_POLICY is 'everything', which is no SQL policy [PN5020]
! hint: Set it to read_only, service, write or admin, or unset it. It narrows the policy of every session and never widens it.
[exit 2]
$ pinion --policy admin run -c 'create table t as select 1'
! done
$ pinion --policy admin --agent run -c 'drop table if exists t' | grep -o '"if_exists":true'
"if_exists":true
$ pinion --policy admin run -c 'delete from t'
! pinion: DELETE does nothing here: rows of a table are replaced as a whole [PN7033]
! hint: Overwrite the table with the rows that stay: INSERT OVERWRITE … SELECT.
[exit 2]
$ pinion run -c 'select 1; select 2'
! pinion: the text holds 2 statements, not one [PN6002]
! hint: Split it: one query per view or call. A trailing semicolon is fine.
[exit 2]
$ pinion run -c 'selec 1'
! pinion: syntax error: Expected: an SQL statement, found: selec at Line: 1, Column: 1 [PN2002]
!   SQL error: ParserError("Expected: an SQL statement, found: selec at Line: 1, Column: 1")
! hint: The detail holds the engine's words. Check table and column names with `pinion ls` and `pinion ls --columns`.
[exit 2]
