-- Everything of one client group as one document. $1: client group id.
SELECT g.id, g.name, g.type,
       (SELECT json_agg(json_build_object('id', o.id, 'name', o.firstname || ' ' || o.surname) ORDER BY o.id)
        FROM client_group_product_owners AS m
        JOIN product_owners AS o ON o.id = m.product_owner_id
        WHERE m.client_group_id = g.id) AS owners,
       (SELECT json_agg(json_build_object('id', p.id, 'name', p.product_name, 'provider', v.name, 'funds', f.funds,
                                          'activity', a.activity, 'owners', s.owners) ORDER BY p.id)
        FROM client_products AS p
        JOIN available_providers AS v ON v.id = p.provider_id
        CROSS JOIN LATERAL (SELECT json_agg(json_build_object('name', fund_name, 'amount', amount_invested)) AS funds
                            FROM portfolio_funds WHERE portfolio_id = p.portfolio_id) AS f
        CROSS JOIN LATERAL (SELECT json_agg(json_build_object('on', activity_date, 'amount', amount)) AS activity
                            FROM holding_activity_log WHERE product_id = p.id) AS a
        CROSS JOIN LATERAL (SELECT json_agg(product_owner_id ORDER BY product_owner_id) AS owners
                            FROM product_owner_products WHERE product_id = p.id) AS s
        WHERE p.client_id = g.id) AS products
FROM client_groups AS g
WHERE g.id = $1::bigint
