-- Open alerts on series other than these, locked until the transaction ends. $1 series text[].
SELECT * FROM alert WHERE state <> 'resolved' AND series <> ALL($1::text[]) ORDER BY fingerprint FOR NO KEY UPDATE
