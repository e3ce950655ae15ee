# functions of the packs: a list, one of them, all as one document
$ pinion udf ls | grep -E '^(stable_hash64|span_len) '
span_len                 scalar     immutable  pinion   …
stable_hash64            scalar     immutable  pinion   (s) -> l
$ pinion udf ls --tag alignment
interval_align           window     immutable  pinion   (b,l,l,s,s[,s]) -> ?
interval_align_score     scalar     immutable  pinion   (l,l,l,l) -> g
$ pinion udf ls --all --kind table | grep -c generate_series
1
$ pinion udf show hash64
stable_hash64: Stable 63-bit hash of a text.
  stable_hash64(value string) -> int64
kind         scalar
volatility   immutable
pack         pinion
version      1
body         9d1f5b5cef3789bcb4d2a5dbbc6af1a29649d2513af56a1f34fc6639a0461d0a
aliases      hash64
tags         hash
$ pinion udf show sha256
sha256: a function of the engine
  sha256(expression Binary) -> Binary
  sha256(expression String) -> Binary
$ pinion udf snapshot --hash | wc -c
65
$ pinion udf snapshot --agent | python3 -c "import json,sys; s=json.load(sys.stdin); print(s['return_types']['stable_id'], s['async_udf_policy'])"
['string'] {'enabled': False, 'ideal_batch_size': None, 'timeout_ms': None}
$ pinion udf snapshot --tags --agent | python3 -c "import json,sys; print(json.load(sys.stdin)['id'])"
['prefixed_hash_parts64', 'span_id', 'stable_id_parts']
$ pinion udf snapshot --parity --agent
{"aliases":[],"aliases_missing":[],"kind":[],"missing":[],"ok":true,"unknown":[],"volatility":[]}

# a name that nothing has
$ pinion udf show stabel_id
! pinion: there is no function 'stabel_id' [PN5106]
! hint: did you mean 'stable_id'? `pinion udf ls --all` lists all functions
[exit 2]

# functions that a project needs are named all at once
$ pinion -q init
$ printf 'functions:\n  required: [stable_id, nope, sum, gone]\n' >> pinion.yaml
$ pinion check
! pinion: 2 required functions are missing: nope, gone [PN5181]
! …
[exit 2]
$ sed -i 's/, nope, sum, gone/, hash64, sum/' pinion.yaml
$ pinion -q check
…

# what is wrong is said with its place
$ printf 'version: 1\nfunctions:\n  async: {timeout_ms: 100}\n' > pinion.yaml
$ pinion check
! pinion: …pinion.yaml:3: async needs both timeout_ms and batch_rows [PN8002]
! …
[exit 2]
$ printf 'version: 1\nfunctions:\n  planners: [nope]\n' > pinion.yaml
$ pinion udf ls
! pinion: there is no planner 'nope' [PN5185]
! …
[exit 2]

# what a pack writes about its functions
$ printf 'version: 1\nfunctions:\n  packs:\n    - path: %s/tests/plugins/promises.so\n' "$PN_BUILD_DIR" > pinion.yaml
$ pinion udf show shifted
shifted: A number, moved.
  shifted(n int64, by int64) -> int64
kind         scalar
volatility   immutable
pack         promises
version      1.0
body         …
tags         twins
section      Twins
syntax       shifted(n, by)
or           n + by
argument     n: The number.
argument     by: How far it is moved.
example      select shifted(40, 2) -- 42
see          moved, abs

# a pack that goes wrong is told of, function by function
$ test -n "$PN_BUILD_DIR" && pinion udf check "$PN_BUILD_DIR/tests/plugins/good.so"
good 1.0, sha256 …
ok    double_it: 14 calls
$ pinion udf check "$PN_BUILD_DIR/tests/plugins/wrong_abi.so"
FAIL  pack 'wrong_abi.so' needs plugin ABI 7.3, this pinion offers 1.1 [PN5102]
[exit 1]
$ pinion --agent udf check "$PN_BUILD_DIR/tests/plugins/probed.so" --timeout 300ms > report; echo $?
1
$ python3 -c "import json; r=json.load(open('report')); print(r['ok'], [f['name'] for f in r['functions'] if f['ok']])"
False ['refuses', 'talks_at_length', 'waits_until_stopped']
$ pinion udf check gone.so
! pinion: …gone.so…
! …
[exit 2]

# a pack's table provider stands behind a dataset: as many rows as the options have bytes
$ printf 'version: 1\nfunctions: {packs: [{path: %s}]}\ndatasets:\n  counts: {format: tables.bytes, uri: here}\n  gone: {format: tables.gone, uri: here}\n' "$PN_BUILD_DIR/tests/plugins/tables.so" > pinion.yaml
$ mkdir views && echo 'select count(*) > 10 as enough from counts' > views/enough.sql
$ pinion -q run --format csv -c 'select * from enough'
enough
true
$ pinion -q verify enough
enough  …  1 row
  promise  canonical
  result   recorded, to compare with later
$ pinion run -c 'select * from gone'
! pinion: dataset 'gone': no pack here has a table provider 'tables.gone' [PN4002]
! hint: Load the pack that has it: functions.packs in pinion.yaml.
[exit 2]
$ sed -i 's/tables.gone/tables./' pinion.yaml && pinion check
! pinion: pinion.yaml:5: format 'tables.' is none of delta, …, pack.name [PN8002]
! hint: The message gives file and line. docs/project-file.md describes every key; the JSON Schema is printed by `pinion check --schema`.
[exit 2]

# a snapshot is one document at a time
$ pinion udf snapshot --hash --tags
! pinion: '--hash', '--tags', '--platform' and '--parity' exclude each other [PN8101]
! hint: `pinion udf snapshot --help` says what it takes
[exit 2]
$ pinion udf snapshot --platform --parity
! pinion: '--hash', '--tags', '--platform' and '--parity' exclude each other [PN8101]
! hint: `pinion udf snapshot --help` says what it takes
[exit 2]
$ pinion udf snapshot --hash --json | python3 -c "import json,sys; print(len(json.load(sys.stdin)))"
64
