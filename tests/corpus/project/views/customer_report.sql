select c.name, c.country, b.orders, r.total
from customers c
join orders_by_customer b on b.customer_id = c.customer_id
left join (select customer_id, sum(revenue) as total from revenue group by customer_id) r
  on r.customer_id = c.customer_id
order by c.name
