CREATE TABLE products (
  id text PRIMARY KEY,
  name text NOT NULL,
  price integer NOT NULL CHECK (price > 0),
  stock integer NOT NULL CHECK (stock >= 0)
);

CREATE TABLE orders (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  customer_id uuid NOT NULL,
  email text NOT NULL,
  status text NOT NULL CHECK (status IN ('charging', 'confirmed', 'cancelled')),
  total integer NOT NULL CHECK (total > 0),
  reason text,
  idempotency_key text NOT NULL DEFAULT gen_random_uuid()::text,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (customer_id, idempotency_key)
);
CREATE INDEX orders_charging ON orders (created_at) WHERE status = 'charging';

CREATE TABLE order_lines (
  order_id uuid NOT NULL REFERENCES orders,
  product_id text NOT NULL REFERENCES products,
  quantity integer NOT NULL CHECK (quantity > 0),
  PRIMARY KEY (order_id, product_id)
);
