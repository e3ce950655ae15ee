# parameters are data
$ pinion -q init && mkdir queries
$ echo "select customer, amount from orders where customer = \$who -- not \$this" > queries/of.sql
$ pinion cpg query --list
of
$ pinion cpg query of --param who=grace --format csv
customer,amount
grace,8.0
$ pinion cpg query of --param "who=x' or '1'='1" --format csv
customer,amount
$ pinion cpg query -c "select '\$no' as text, cast(\$n as int) + 1 as more" -p n=41 --format csv
text,more
$no,42

# parameters that are missing, unknown or given twice
$ pinion -q init && mkdir queries
$ echo 'select $who as w' > queries/of.sql
$ pinion cpg query of
! pinion: the query needs a value for '$who' [PN6080]
! hint: Give a value for each $1 or $name of the query: --param NAME=VALUE[:TYPE]; in C, pn_compile_options.params.
[exit 2]
$ pinion cpg query of --param who=a --param whom=b
! pinion: the query has no parameter '$whom' [PN6081]
! hint: Leave it out, or write $NAME where it belongs in the query.
[exit 2]
$ pinion cpg query of --param who=a --param who=b
! pinion: parameter 'who' is given twice [PN6083]
! hint: Names are [a-z_][a-z0-9_]* or positions 1, 2, …, without the $; a list of allowed names may be stricter.
[exit 2]
$ pinion cpg query of --param 'who)=a'
! pinion: 'who)' is no name of a parameter [PN6083]
! hint: Names are [a-z_][a-z0-9_]* or positions 1, 2, …, without the $; a list of allowed names may be stricter.
[exit 2]
$ pinion cpg query off
! pinion: there is no query 'off' in queries/ [PN8106]
!   queries: of
! hint: did you mean 'of'?
[exit 2]
$ pinion cpg query ../of
! pinion: there is no query '../of' in queries/ [PN8106]
!   queries: of
! hint: Queries are files in queries/ of the project; the detail lists them.
[exit 2]
$ pinion cpg query
! pinion: 'cpg query' takes either a name or -c SQL [PN8101]
! hint: `pinion cpg query --help` says what it takes
[exit 2]

# a folder that does not exist, a missing option
$ pinion cpg build nowhere --out graph
! pinion: repository 'nowhere': No such file or directory [PN9001]
! hint: Name the folder that holds the sources, for example `pinion cpg build ./src --out ./cpg`.
[exit 2]
$ pinion cpg build .
! pinion: 'cpg build' needs --out DIR [PN8101]
! hint: `pinion cpg build --help` says what it takes
[exit 2]
$ pinion cpg bild .
! pinion: there is no verb 'cpg bild' [PN8101]
! hint: did you mean `pinion cpg build`? `pinion --help` lists the verbs
[exit 2]

# a graph is built and queried
$ mkdir src && printf 'def f(x):\n    return x\n\nclass A:\n    def m(self):\n        return f(1)\n' > src/a.py && printf 'import a\na.f(2)\n' > src/b.py && printf 'def (:\n' > src/bad.py
$ pinion cpg build src --out graph
files: 3, ok 3
evidence:
  repo_files_v1                       3 rows
  file_line_index_v1                  9 rows
  ast_files_v1                        3 rows
  symtable_files_v1                   3 rows
  libcst_files_v1                     3 rows
  tree_sitter_files_v1                3 rows
graph:
  python_class_bases … rows
  python_flow_rules … rows
  cpg_edges_v1 … rows
  cpg_nodes_v1 … rows
! next: pinion -C graph cpg query largest_classes
$ pinion -C graph cpg query --list
callers
imports_of
largest_classes
$ pinion -C graph cpg query callers --param name=f --format csv
callee,caller,path,line,resolution_method,confidence
a.f,a.A.m,a.py,6,LOCAL_NAME,0.95
a.f,<module>,b.py,2,MODULE_ATTRIBUTE,0.9
$ pinion -C graph cpg query imports_of --param module=a --format csv
importer,imported,direction
b.py,a,imported by
$ pinion -C graph cpg query largest_classes --format csv
class_name,path,line,lines,methods
a.A,a.py,4,3,1
$ pinion -C graph cpg query -c "select node_kind, count(*) as n from cpg_nodes_v1 where node_kind in ('PY_FILE', 'CST_DEF', 'CST_CALLSITE') group by node_kind order by node_kind" --format csv
node_kind,n
CST_CALLSITE,2
CST_DEF,3
PY_FILE,3

# the same rows with another number of workers
$ mkdir src && for i in 1 2 3 4 5; do echo "def f$i(): return f$i()" > src/m$i.py; done
$ pinion -q cpg build src --out one --jobs 1 > one.txt && pinion -q cpg build src --out four --jobs 4 > four.txt && diff one.txt four.txt
$ for g in one four; do pinion -q -C $g cpg query -c 'select node_id from cpg_nodes_v1 order by node_id' --format csv > $g.csv; done; cmp one.csv four.csv && wc -l < one.csv > n && test "$(cat n)" -gt 30

# a graph can be built again, and without the graph
$ mkdir src && echo 'x = 1' > src/a.py
$ pinion -q cpg build src --out graph > first.txt && pinion -q cpg build src --out graph > second.txt && diff first.txt second.txt
$ pinion --agent cpg build src --out bare --evidence-only | python3 -c "import json,sys; d=json.load(sys.stdin); print(d['project'], d['files']['total'])"
None 1
