select customer_id, count(*) as orders, min(day) as first_day from orders group by customer_id
