select o.order_id, coalesce(o.note, 'none') as note
from orders o
where not exists (select 1 from items i where i.order_id = o.order_id)
