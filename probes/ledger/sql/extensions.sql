SELECT 'extension ' || extname AS item, extversion AS value FROM pg_extension
