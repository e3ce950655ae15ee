select order_id, prefixed_hash64('order', coalesce(note, '')) as id from orders
