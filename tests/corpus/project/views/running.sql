select order_id, customer_id,
       sum(revenue) over (partition by customer_id order by order_id) as so_far,
       last_value(order_id) ignore nulls over (partition by customer_id order by order_id) as latest
from revenue
