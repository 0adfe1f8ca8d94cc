CREATE TABLE charges (
  -- An order is charged once, whatever happens to messages.
  order_id uuid PRIMARY KEY,
  payment_id uuid NOT NULL DEFAULT gen_random_uuid(),
  amount integer NOT NULL CHECK (amount > 0),
  status text NOT NULL CHECK (status IN ('charged', 'declined', 'refunded')),
  reason text,
  created_at timestamptz NOT NULL DEFAULT now()
);
