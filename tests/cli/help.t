# the program says what it can do
$ pinion --help
pinion: views over Delta, Parquet, CSV, JSON and Arrow data as pinned plans

usage: pinion [OPTION]… VERB [OPTION]… [ARGUMENT]…

verbs:
  init           make a new project with a small example
  check          read the project and compile all its views
  plan           show the views, their fingerprints and what they read
  build          compile the project and write its outputs
  run            run a query or statement and print its rows
  explain        show the plan of a view or query
  lineage        show where the columns of a view come from
  diff           list exactly what differs between two views or projects
  why            say what changed in a view since it was built
  verify         run views again and compare with their recorded results
  ls             list datasets, views and outputs, or settings
  bundle export  write views as one bundle file
  bundle import  keep the bundles of a file in this project
  bundle ls      list the bundles that this project keeps
  bundle show    show what a bundle is made of
  replay         run a bundle and print its rows
  doctor         check the installation and the project
  cpg build      build the code property graph of a folder of Python
  cpg query      run a query of the pack over a code property graph
  store ls       list what is recorded about runs of the project
  store query    run a query over what is recorded
  store gc       remove old records of runs, join small files
  store export   write what is recorded to files
  udf ls         list the functions of packs, libraries and CREATE FUNCTION
  udf show       show what one function takes, gives and is known by
  udf snapshot   print all functions of the packs as one document
  udf check      call the functions of a pack and report what goes wrong
  explain-error  tell what an error number means and what to do
  completion     print the bash completion or the manual page

options of all verbs:
  -C, --directory DIR    work in this folder
      --profile PROFILE  profile of the session instead of the project's
                         (default dev prod cst_autoload symtable)
      --set KEY=VALUE    a setting, applied after the project's; may be repeated
      --policy POLICY    which statements are allowed instead of the project's policy; service when neither says
                         (read_only service write admin)
      --json             print documents and errors as JSON
      --agent            as --json, each document on one line; rows as JSON lines
  -q, --quiet            no progress and no notes on stderr
  -v, --verbose          print debug messages on stderr
      --version          print the versions of pinion and its engine

exit codes:
  0    done
  1    a check failed, or data differs from what was declared or recorded
  2    the command line, the project or the query is wrong
  3    the engine, reading or writing failed
  130  interrupted

examples:
  pinion run -c 'select 1'
  pinion init shop && pinion -C shop build

`pinion VERB --help` tells more about a verb.

# no verb is a mistake, the help goes to stderr
$ pinion 2>&1 >/dev/null | head -3
pinion: views over Delta, Parquet, CSV, JSON and Arrow data as pinned plans

usage: pinion [OPTION]… VERB [OPTION]… [ARGUMENT]…

# each verb has help with examples
$ for v in init check plan build run explain lineage ls doctor 'cpg build' 'cpg query' explain-error completion; do pinion $v --help > h || echo "$v: exit $?"; grep -q '^examples:' h && grep -q '^exit codes:' h && grep -q '^usage: pinion' h || echo "$v: incomplete"; done

# help of a verb
$ pinion run --help
usage: pinion run [OPTION]…

Runs one query over the datasets and views of the project, or without a project.
Rows are printed as they come. Nested values are JSON text in table, csv and
markdown; null is an empty field in csv and NULL in a table. EXPLAIN, SHOW and
DESCRIBE give rows too; INSERT, COPY and SET need --policy write, CREATE and
DROP --policy admin. PINION_SQL_POLICY narrows the policy and never widens it.

options:
  -c, --command SQL       the query
  -f, --file FILE         read the query from a file (- = standard input)
  -p, --param NAME=VALUE  value of $NAME, or of $1 with NAME 1; VALUE:TYPE states its type; may be repeated
      --format FORMAT     how rows are written; by the name of -o FILE when not given, else a table
                          (table json jsonlines csv markdown arrow parquet)
  -o, --output FILE       write to a file; it is whole or absent
      --limit N           stop after N rows
      --timeout TIME      give up after this time: 500ms, 30s, 5m
      --autoload DIR      no project: every table found in a folder is a dataset
      --no-record         keep this run out of the artifact store

examples:
  pinion run -c 'select customer, sum(amount) from orders group by customer'
  pinion run -f report.sql -o report.csv
  pinion run -c 'select * from orders where amount > $least' --param least=100
  pinion run -c 'describe orders'
  pinion run --autoload data --format jsonlines < query.sql

exit codes:
  0    done
  1    a check failed, or data differs from what was declared or recorded
  2    the command line, the project or the query is wrong
  3    the engine, reading or writing failed
  130  interrupted

`pinion --help` lists the options of all verbs.

# help of a group
$ pinion cpg --help | head -1
usage: pinion cpg VERB [OPTION]… [ARGUMENT]…

# versions
$ pinion --version
pinion 0.1.0
  abi                   …
  arrow                 …
  datafusion            …
  datafusion_substrait  …
  deltalake             …
  object_store          …
  profile               …
  rustc                 …
  sources               …
  substrait             …

# the completion and the manual page that are checked in are the program's
$ pinion completion bash | diff - "$T_SOURCE_DIR/completions/pinion.bash"
$ pinion completion man | diff - "$T_SOURCE_DIR/docs/man/pinion.1"
$ bash -n "$T_SOURCE_DIR/completions/pinion.bash"

# the completion completes verbs, options and choices
$ bash -c '. "$T_SOURCE_DIR/completions/pinion.bash"; COMP_WORDS=(pinion ex); COMP_CWORD=1; _pinion; echo "${COMPREPLY[@]}"; COMP_WORDS=(pinion run --format m); COMP_CWORD=3; _pinion; echo "${COMPREPLY[@]}"; COMP_WORDS=(pinion -C x cpg query --pa); COMP_CWORD=5; _pinion; echo "${COMPREPLY[@]}"'
explain explain-error
markdown
--param
