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
! pinion: the query needs a value for '$who' [PN8107]
! hint: add --param who=VALUE
[exit 2]
$ pinion cpg query of --param who=a --param whom=b
! pinion: the query has no parameter '$whom' [PN8107]
! hint: Give each parameter once with --param NAME=VALUE; in the query it is written $NAME.
[exit 2]
$ pinion cpg query of --param who=a --param who=b
! pinion: parameter 'who' is given twice [PN8107]
! hint: Give each parameter once with --param NAME=VALUE; in the query it is written $NAME.
[exit 2]
$ pinion cpg query of --param 'who)=a'
! pinion: 'who)' is no name of a parameter [PN8107]
! hint: Give each parameter once with --param NAME=VALUE; in the query it is written $NAME.
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
! hint: `pinion --help` lists the verbs, `pinion VERB --help` the options of one.
[exit 2]

# a folder that does not exist, a missing option
$ pinion cpg build nowhere --out graph
! pinion: repository 'nowhere': No such file or directory [PN9001]
! hint: Name the folder that holds the sources, for example `pinion cpg build ./src --out ./cpg`.
[exit 2]
$ pinion cpg build .
! pinion: 'cpg build' needs --out DIR [PN8101]
! hint: `pinion --help` lists the verbs, `pinion VERB --help` the options of one.
[exit 2]
$ pinion cpg bild .
! pinion: there is no verb 'cpg bild' [PN8101]
! hint: did you mean `pinion cpg build`? `pinion --help` lists the verbs
[exit 2]
