# bash completion of pinion; made by `pinion completion bash`
_pinion() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
    local verb= words= globals= skip= i word
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [ -n "$skip" ]; then skip=; continue; fi
        case "$verb:$word" in
            ':-C'|':--directory'|':--profile'|':--set'|':--policy') skip=1;;
            :-*) ;;
            :*) verb=$word;;
            'bundle:export'|'bundle:import'|'bundle:ls'|'bundle:show'|'cpg:build'|'cpg:query'|'store:ls'|'store:query'|'store:gc'|'store:export'|'udf:ls'|'udf:show'|'udf:snapshot'|'udf:check') verb="$verb $word";;
        esac
    done
    globals='--directory --profile --set --policy --json --agent --quiet --verbose --version '
    case "$verb" in
        '') words='init check plan build run explain lineage diff why verify ls bundle replay doctor cpg store udf explain-error completion ';;
        'init') words='--name --help';;
        'check') words='--schema --help';;
        'plan') words='--help';;
        'build') words='--no-record --record-results --help';;
        'run') words='--command --file --param --format --output --limit --timeout --autoload --no-record --help';;
        'explain') words='--command --file --kind --artifact --all --timeout --param --autoload --help';;
        'lineage') words='--report --help';;
        'diff') words='--help';;
        'why') words='--help';;
        'verify') words='--record --help';;
        'ls') words='--columns --settings --autoload --help';;
        'bundle export') words='--output --substrait --help';;
        'bundle import') words='--help';;
        'bundle ls') words='--help';;
        'bundle show') words='--view --help';;
        'replay') words='--view --check --from --format --output --limit --timeout --autoload --help';;
        'doctor') words='--help';;
        'cpg build') words='--out --jobs --python --name --pattern --evidence-only --no-record --help';;
        'cpg query') words='--command --param --format --output --limit --timeout --list --help';;
        'store ls') words='--columns --help';;
        'store query') words='--command --format --output --limit --timeout --help';;
        'store gc') words='--older-than --apply --help';;
        'store export') words='--output --format --help';;
        'udf ls') words='--all --kind --tag --help';;
        'udf show') words='--help';;
        'udf snapshot') words='--hash --tags --platform --parity --help';;
        'udf check') words='--timeout --rows --help';;
        'explain-error') words='--all --help';;
        'completion') words='--help';;
        'bundle') words='export import ls show ';;
        'cpg') words='build query ';;
        'store') words='ls query gc export ';;
        'udf') words='ls show snapshot check ';;
    esac
    COMPREPLY=($(compgen -W "$words $globals" -- "$cur"))
    case "$verb:$prev" in
        ':--directory'|':-C') COMPREPLY=($(compgen -d -- "$cur"));;
        ':--profile') COMPREPLY=($(compgen -W 'default dev prod cst_autoload symtable' -- "$cur"));;
        ':--set') COMPREPLY=();;
        ':--policy') COMPREPLY=($(compgen -W 'read_only service write admin' -- "$cur"));;
        'init:--name') COMPREPLY=();;
        'run:--command'|'run:-c') COMPREPLY=();;
        'run:--file'|'run:-f') COMPREPLY=($(compgen -f -- "$cur"));;
        'run:--param'|'run:-p') COMPREPLY=();;
        'run:--format') COMPREPLY=($(compgen -W 'table json jsonlines csv markdown arrow parquet' -- "$cur"));;
        'run:--output'|'run:-o') COMPREPLY=($(compgen -f -- "$cur"));;
        'run:--limit') COMPREPLY=();;
        'run:--timeout') COMPREPLY=();;
        'run:--autoload') COMPREPLY=($(compgen -d -- "$cur"));;
        'explain:--command'|'explain:-c') COMPREPLY=();;
        'explain:--file'|'explain:-f') COMPREPLY=($(compgen -f -- "$cur"));;
        'explain:--kind') COMPREPLY=($(compgen -W 'logical optimized physical analyze substrait' -- "$cur"));;
        'explain:--artifact') COMPREPLY=();;
        'explain:--timeout') COMPREPLY=();;
        'explain:--param'|'explain:-p') COMPREPLY=();;
        'explain:--autoload') COMPREPLY=($(compgen -d -- "$cur"));;
        'ls:--autoload') COMPREPLY=($(compgen -d -- "$cur"));;
        'bundle export:--output'|'bundle export:-o') COMPREPLY=($(compgen -f -- "$cur"));;
        'bundle show:--view') COMPREPLY=();;
        'replay:--view') COMPREPLY=();;
        'replay:--from') COMPREPLY=($(compgen -W 'substrait cache sql' -- "$cur"));;
        'replay:--format') COMPREPLY=($(compgen -W 'table json jsonlines csv markdown arrow parquet' -- "$cur"));;
        'replay:--output'|'replay:-o') COMPREPLY=($(compgen -f -- "$cur"));;
        'replay:--limit') COMPREPLY=();;
        'replay:--timeout') COMPREPLY=();;
        'replay:--autoload') COMPREPLY=($(compgen -d -- "$cur"));;
        'cpg build:--out') COMPREPLY=($(compgen -d -- "$cur"));;
        'cpg build:--jobs'|'cpg build:-j') COMPREPLY=();;
        'cpg build:--python') COMPREPLY=($(compgen -f -- "$cur"));;
        'cpg build:--name') COMPREPLY=();;
        'cpg build:--pattern') COMPREPLY=();;
        'cpg query:--command'|'cpg query:-c') COMPREPLY=();;
        'cpg query:--param'|'cpg query:-p') COMPREPLY=();;
        'cpg query:--format') COMPREPLY=($(compgen -W 'table json jsonlines csv markdown arrow parquet' -- "$cur"));;
        'cpg query:--output'|'cpg query:-o') COMPREPLY=($(compgen -f -- "$cur"));;
        'cpg query:--limit') COMPREPLY=();;
        'cpg query:--timeout') COMPREPLY=();;
        'store query:--command'|'store query:-c') COMPREPLY=();;
        'store query:--format') COMPREPLY=($(compgen -W 'table json jsonlines csv markdown arrow parquet' -- "$cur"));;
        'store query:--output'|'store query:-o') COMPREPLY=($(compgen -f -- "$cur"));;
        'store query:--limit') COMPREPLY=();;
        'store query:--timeout') COMPREPLY=();;
        'store gc:--older-than') COMPREPLY=();;
        'store export:--output'|'store export:-o') COMPREPLY=($(compgen -f -- "$cur"));;
        'store export:--format') COMPREPLY=($(compgen -W 'parquet json jsonlines csv arrow' -- "$cur"));;
        'udf ls:--kind') COMPREPLY=($(compgen -W 'scalar aggregate window table' -- "$cur"));;
        'udf ls:--tag') COMPREPLY=();;
        'udf check:--timeout') COMPREPLY=();;
        'udf check:--rows') COMPREPLY=();;
    esac
}
complete -o default -F _pinion pinion
