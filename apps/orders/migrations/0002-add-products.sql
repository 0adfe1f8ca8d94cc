INSERT INTO products (id, name, price, stock) VALUES
  ('desk', 'Desk', 24900, 1000000),
  ('chair', 'Chair', 12900, 1000000),
  ('lamp', 'The last lamp', 4900, 1);
