select o.order_id, o.customer_id, sum(i.price) as revenue
from orders o join items i on i.order_id = o.order_id
group by o.order_id, o.customer_id
