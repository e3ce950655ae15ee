with recursive days(n) as (select 1 union all select n + 1 from days where n < 4)
select n, date '2024-01-01' + cast(n - 1 as int) as day from days
