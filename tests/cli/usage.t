# a verb that does not exist
$ pinion buld
! pinion: there is no verb 'buld' [PN8101]
! hint: did you mean `pinion build`? `pinion --help` lists the verbs
[exit 2]

# an option that does not exist
$ pinion run --fromat csv
! pinion: 'run' has no option '--fromat' [PN8101]
! hint: did you mean '--format'?
[exit 2]

# an option without its value
$ pinion run -c
! pinion: option '--command' needs a value: SQL [PN8101]
! hint: `pinion run --help` says what it takes
[exit 2]

# a value that is not allowed
$ pinion run --format jsn -c 'select 1'
! pinion: option '--format' does not take 'jsn' [PN8101]
! hint: did you mean 'json'? Allowed: table json jsonlines csv markdown arrow parquet
[exit 2]

# a number that is none
$ pinion run --limit many -c 'select 1'
! pinion: option '--limit' takes a number, not 'many' [PN8101]
! hint: `pinion run --help` says what it takes
[exit 2]

# a time that is none
$ pinion run --timeout soon -c 'select 1'
! pinion: option '--timeout' takes a time, not 'soon' [PN8101]
! hint: write 500ms, 30s, 5m, 1h or 7d
[exit 2]

# a setting without a value
$ pinion --set batch_size run -c 'select 1'
! pinion: option '--set' takes NAME=VALUE, not 'batch_size' [PN8101]
! hint: `pinion --help` lists the verbs, `pinion VERB --help` the options of one.
[exit 2]

# one argument too many
$ pinion check now
! pinion: 'now' is one argument too many [PN8101]
! hint: usage: pinion check [OPTION]…
[exit 2]

# an argument is missing
$ pinion lineage
! pinion: 'lineage' needs VIEW [COLUMN] [PN8101]
! hint: usage: pinion lineage [OPTION]… VIEW [COLUMN]
[exit 2]

# a folder that does not exist
$ pinion -C nowhere ls
! pinion: cannot work in folder 'nowhere': No such file or directory [PN1007]
! hint: Check the path; relative paths count from the folder of the project file, or from -C DIR.
[exit 2]

# quiet and verbose exclude each other
$ pinion -q -v run -c 'select 1'
! pinion: '--quiet' and '--verbose' exclude each other [PN8101]
! hint: `pinion run --help` says what it takes
[exit 2]

# a query given as an argument
$ pinion run 'select 1'
! pinion: 'run' takes no argument 'select 1' [PN8101]
! hint: a query is given with -c SQL, a file with -f FILE
[exit 2]

# two sources of a query
$ pinion run -c 'select 1' -f x.sql
! pinion: '--command' and '--file' exclude each other [PN8101]
! hint: `pinion run --help` says what it takes
[exit 2]

# errors as JSON
$ pinion --json buld
! {"error":{"number":"PN8101","status":"INVALID","message":"there is no verb 'buld'","detail":"","hint":"did you mean `pinion build`? `pinion --help` lists the verbs"}}
[exit 2]
$ pinion run --agent --limit x
! {"error":{"number":"PN8101","status":"INVALID","message":"option '--limit' takes a number, not 'x'","detail":"","hint":"`pinion run --help` says what it takes"}}
[exit 2]

# what is not UTF-8 is replaced there, and the error told all the same
$ pinion --json "$(printf 'nothing\377')"
! {"error":{"number":"PN8101","status":"INVALID","message":"there is no verb 'nothing?'","detail":"","hint":"`pinion --help` lists…"}}
[exit 2]

# text that is not UTF-8
$ printf 'select \377' > x.sql
$ pinion run -f x.sql
! pinion: 'x.sql' is not UTF-8 text [PN8104]
! hint: Save the file as UTF-8 without NUL bytes.
[exit 2]
$ pinion run -c "$(printf 'select \377')"
! pinion: the value of '--command' is not UTF-8 [PN8104]
! hint: Save the file as UTF-8 without NUL bytes.
[exit 2]

# an unknown setting and an unknown profile
$ pinion --set no_such=1 run -c 'select 1'
! pinion: 'no_such' is no setting [PN5002]
! hint: docs/settings.md lists pinion's short names; `pinion ls --settings` lists the engine's, which start with datafusion.
[exit 2]
$ pinion --profile prodd run -c 'select 1'
! pinion: option '--profile' does not take 'prodd' [PN8101]
! hint: did you mean 'prod'? Allowed: default dev prod cst_autoload symtable
[exit 2]
