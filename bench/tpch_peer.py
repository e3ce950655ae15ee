"""TPC-H in one peer: `tpch_peer.py ENGINE DATA QUERIES RUNS`. Prints what bench/tpch.c prints, a JSON line a query;
a query that the engine's SQL does not have is a line with `error`. Opening the tables is not counted."""
import json
import os
import pathlib
import sys
import time

TABLES = "customer lineitem nation orders part partsupp region supplier".split()


def duckdb_engine(data):
    import duckdb
    connection = duckdb.connect()
    connection.execute(f"set threads = {len(os.sched_getaffinity(0))}")
    for table in TABLES:
        connection.execute(f"create view {table} as select * from read_parquet('{data / table}.parquet')")
    return lambda sql: len(connection.execute(sql).fetchall())


def datafusion_engine(data):
    from datafusion import SessionConfig, SessionContext
    context = SessionContext(SessionConfig().with_target_partitions(len(os.sched_getaffinity(0))))
    for table in TABLES:
        context.register_parquet(table, str(data / f"{table}.parquet"))
    return lambda sql: sum(batch.num_rows for batch in context.sql(sql).collect())


def polars_engine(data):
    import polars
    context = polars.SQLContext({table: polars.scan_parquet(data / f"{table}.parquet") for table in TABLES})
    return lambda sql: context.execute(sql, eager=True).height


def datafusion_plan(data):
    """Plan and optimise only: what compiling a bundle is compared with."""
    from datafusion import SessionConfig, SessionContext
    context = SessionContext(SessionConfig().with_target_partitions(len(os.sched_getaffinity(0))))
    for table in TABLES:
        context.register_parquet(table, str(data / f"{table}.parquet"))

    def plan(sql):
        context.sql(sql).optimized_logical_plan()
        return 0
    return plan


ENGINES = {"duckdb": duckdb_engine, "datafusion": datafusion_engine, "polars": polars_engine,
           "datafusion-plan": datafusion_plan}


def main():
    engine, data, queries, runs = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), int(sys.argv[4])
    execute = ENGINES[engine](data)
    for number in range(1, 23):
        sql = (queries / f"q{number:02}.sql").read_text(encoding="utf-8").strip().rstrip(";")
        line = {"query": number, "run_ms": []}
        try:
            for _ in range(runs):
                start = time.perf_counter()
                line["rows"] = execute(sql)
                line["run_ms"].append((time.perf_counter() - start) * 1e3)
        except Exception as problem:  # every engine has its own class for "this SQL I do not know"
            line["error"] = str(problem).splitlines()[0][:120]
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
