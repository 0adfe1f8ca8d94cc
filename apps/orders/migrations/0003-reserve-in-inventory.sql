-- The service inventory keeps the stock. The column stays while the former version of this service may run.
ALTER TABLE products ALTER COLUMN stock SET DEFAULT 0;

ALTER TABLE orders
  DROP CONSTRAINT orders_status_check,
  ADD CONSTRAINT orders_status_check
    CHECK (status IN ('reserving', 'charging', 'confirmed', 'cancelling', 'cancelled'));
CREATE INDEX orders_at_inventory ON orders (created_at)
  WHERE status IN ('reserving', 'cancelling');
