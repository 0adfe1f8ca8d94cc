-- The keys that tokens are signed with. One signs; older ones still verify until they are deleted.
CREATE TABLE signing_keys (
  kid text PRIMARY KEY,
  private_jwk jsonb NOT NULL,
  signs boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX signing_keys_signs ON signing_keys (signs) WHERE signs;
