INSERT INTO stock (product_id, available) VALUES
  ('desk', 1000000),
  ('chair', 1000000),
  ('lamp', 1);
