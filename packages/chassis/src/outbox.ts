export { outbox, type Outbox, type OutboxOptions, type SqlClient } from './events/outbox.js';
