/** Each table is created if it is missing. Later versions add statements that can run more than once. */
export const EVENT_TABLES: readonly { readonly name: string; readonly statements: string }[] = [
  {
    name: 'chassis_outbox',
    statements: `
      CREATE TABLE chassis_outbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id text NOT NULL,
        event text NOT NULL,
        body text NOT NULL,
        headers jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        attempts integer NOT NULL DEFAULT 0,
        next_attempt_at timestamptz NOT NULL DEFAULT now(),
        last_error text
      )`,
  },
  {
    name: 'chassis_inbox',
    statements: `
      CREATE TABLE chassis_inbox (
        consumer text NOT NULL,
        event_id text NOT NULL,
        handled_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (consumer, event_id)
      );
      CREATE INDEX chassis_inbox_handled_at ON chassis_inbox (handled_at)`,
  },
];
