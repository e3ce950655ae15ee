select order_id, unnest(tags) as tag from items
