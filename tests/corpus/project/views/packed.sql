select date_trunc('day', packed) as day, count(*) filter (where price > 5) as large, array_agg(price order by price) as prices
from items where packed is not null group by 1
