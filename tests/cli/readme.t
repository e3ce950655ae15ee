# the README's way through a project, with its commands as they stand there, but for cpg
$ pinion -q init shop && cp -r shop before && cd shop && grep -o '^    \$ pinion [^#]*' "$T_SOURCE_DIR/README.md" | sed 's/^    \$ //' | grep -v 'cpg\|pinion init' > ../commands; wc -l < ../commands
22
$ cd shop && pinion -q build > /dev/null && bash -e ../commands > ../out 2>&1 || tail -3 ../out
$ ls shop/records shop/revenue.pnb shop/out
shop/revenue.pnb

shop/out:
revenue_by_customer

shop/records:
cache_events.parquet
diagnostics.parquet
executions.parquet
fallbacks.parquet
lineage.parquet
pins.parquet
plans.parquet
runs.parquet

# why, as the README shows it
$ pinion -q init shop && pinion -q -C shop build > /dev/null && sed -i 's/>= 8/>= 10/' shop/views/big_orders.sql
$ pinion -C shop why revenue_by_customer > why; sed -n '/why revenue/,/^$/p' "$T_SOURCE_DIR/README.md" | sed '1d;$d;s/^    //' | sed 's/[0-9a-f]\{12\}/…/g' > said; sed 's/[0-9a-f]\{12\}/…/g' why | diff - said
