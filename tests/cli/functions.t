# functions of a project lie in files and may call each other in any order
$ mkdir -p shop/functions shop/views
$ printf 'version: 1\n' > shop/pinion.yaml
$ echo 'CREATE FUNCTION gross(net DOUBLE) RETURNS DOUBLE RETURN vat(net) + net' > shop/functions/gross.sql
$ echo 'CREATE FUNCTION vat(net DOUBLE) RETURNS DOUBLE IMMUTABLE RETURN net * 0.25' > shop/functions/vat.sql
$ echo 'select gross(100) as price' > shop/views/price.sql
$ pinion -q -C shop run -c "select gross(100) as price, vat(4) as vat"
price  vat
-----  ---
125.0  1.0
$ pinion -q -C shop run -c "show create function gross"
name   definition
-----  --------------------------------------------------------------------
gross  CREATE FUNCTION gross(net DOUBLE) RETURNS DOUBLE RETURN vat($1) + $1
$ pinion -C shop udf ls | grep sql
gross                    scalar     immutable  sql      
vat                      scalar     immutable  sql      
$ pinion -C shop udf show gross
gross: made by CREATE FUNCTION
kind         scalar
volatility   immutable
declaration  CREATE FUNCTION gross(net DOUBLE) RETURNS DOUBLE RETURN vat($1) + $1
$ pinion -C shop udf show vat --json
{
  "declaration": "CREATE FUNCTION vat(net DOUBLE) RETURNS DOUBLE RETURN $1 * 0.25",
  "kind": "scalar",
  "volatility": "immutable",
  "name": "vat",
  "pack": "sql"
}
$ pinion -C shop run -c "create function f() returns int return 1"
! pinion: the SQL policy 'service' refuses CREATE FUNCTION [PN5003]
! hint: 'CREATE FUNCTION' is allowed from the policy 'admin' on: --policy admin, or policies.sql of pinion.yaml; PINION_SQL_POLICY narrows.
[exit 2]
$ pinion -q -C shop --policy admin run -c "create function f() returns int return 1"

# a file holds the function it is named after
$ mkdir -p shop/functions
$ printf 'version: 1\n' > shop/pinion.yaml
$ echo 'CREATE FUNCTION other() RETURNS INT RETURN 1' > shop/functions/one.sql
$ pinion -C shop run -c "select 1"
! pinion: functions/one.sql: it makes a function 'other' [PN5212]
! hint: A file in functions/ holds one CREATE FUNCTION, and its name is that of the function with .sql behind it.
[exit 2]
$ echo 'select 1' > shop/functions/one.sql
$ pinion -C shop run -c "select 1"
! pinion: functions/one.sql: it is no CREATE FUNCTION [PN5212]
! hint: A file in functions/ holds one CREATE FUNCTION, and its name is that of the function with .sql behind it.
[exit 2]
$ echo 'CREATE FUNCTION one() RETURNS INT RETURN one()' > shop/functions/one.sql
$ pinion -C shop run -c "select 1"
! pinion: functions/one.sql: function 'one' would call itself [PN5205]
! hint: A body is put in place of each call, so it must end: use a recursive query (WITH RECURSIVE) instead.
[exit 2]

# what lies beside them is not read before it is known to be a function
$ mkdir -p shop/functions shop/data
$ printf 'version: 1\n' > shop/pinion.yaml
$ printf 'id\n1\n' > outside.csv
$ printf 'id\n1\n' > shop/data/inside.csv
$ echo "select * from read_csv('../outside.csv')" > shop/functions/f.sql
$ pinion -C shop run -c "select 1"
! pinion: functions/f.sql: read_csv: the SQL policy 'service' does not read '../outside.csv': it lies outside the project's folder [PN5163]
! …
[exit 2]
$ echo "select * from read_csv('data/inside.csv')" > shop/functions/f.sql
$ PINION_SQL_POLICY=read_only pinion -C shop run -c "select 1"
! pinion: functions/f.sql: read_csv: the SQL policy 'read_only' does not read 'data/inside.csv': it reads what is registered and nothing else [PN5163]
! …
[exit 2]

# of files that cannot be read as functions the first by name is told, wherever the folder has it
$ mkdir -p shop/functions && printf 'version: 1\n' > shop/pinion.yaml
$ for f in k c m e h b f; do echo 'select 1' > shop/functions/$f.sql; done
$ pinion -C shop run -c "select 1"
! pinion: functions/b.sql: it is no CREATE FUNCTION [PN5212]
! hint: A file in functions/ holds one CREATE FUNCTION, and its name is that of the function with .sql behind it.
[exit 2]

# functions that call each other are told by the first of them
$ mkdir -p shop/functions && printf 'version: 1\n' > shop/pinion.yaml
$ for f in za:zb zb:zc zc:za ok:abs; do echo "CREATE FUNCTION ${f%:*}(x DOUBLE) RETURNS DOUBLE RETURN ${f#*:}(x)" > shop/functions/${f%:*}.sql; done
$ pinion -C shop run -c "select 1"
! pinion: functions/za.sql: the body of function 'za' calls 'zb', which is no function [PN5201]
! hint: A scalar function is an expression over its arguments ($1 or by name); any other is one call of a function that is there, as sum($1). See docs/functions.md.
[exit 2]

# the project says what bodies may be
$ mkdir -p shop/functions
$ printf 'version: 1\nfunctions: {sql: {primitives: [abs]}}\n' > shop/pinion.yaml
$ echo 'CREATE FUNCTION f(x DOUBLE) RETURNS DOUBLE RETURN round(x)' > shop/functions/f.sql
$ pinion -C shop run -c "select 1"
! pinion: functions/f.sql: function 'f' calls 'round', which functions.sql does not allow [PN5204]
! hint: functions.sql of pinion.yaml (pn_function_policy) lists what bodies may call, which types they use and how volatile they may be.
[exit 2]

# planners are named in the project
$ mkdir shop
$ printf 'version: 1\nfunctions: {planners: [codeanatomy_domain]}\n' > shop/pinion.yaml
$ pinion -q -C shop run -c "select struct(1 as a, 'x' as b) -> 'b' as v"
v
-
x
$ pinion -q -C shop run -c "select struct(1 as a, 'x' as b) -> 'b' as v, array_transform([1], x -> x) as w"
! pinion: 'x -> x' is an operator in the dialect 'generic', and a function takes a lambda there [PN6181]
! hint: Begin the text with a dialect that has lambdas: `-- dialect: duckdb`. One text has either lambdas or the operator ->.
[exit 2]
$ printf 'version: 1\nfunctions: {planners: [nobody]}\n' > shop/pinion.yaml
$ pinion -C shop run -c "select 1"
! pinion: there is no planner 'nobody' [PN5185]
!   Planners: codeanatomy_domain (pinion).
! hint: Planners come with packs; the detail lists those there are. functions.planners of pinion.yaml names what is installed.
[exit 2]
