CREATE TABLE stock (
  product_id text PRIMARY KEY,
  available integer NOT NULL CHECK (available >= 0)
);

CREATE TABLE reservations (
  order_id uuid PRIMARY KEY,
  lines jsonb NOT NULL,
  released boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now()
);
