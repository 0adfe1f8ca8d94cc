export { MigrationError } from './datastores/migration-plan.js';
export { migratePostgres, type PostgresMigrateOptions } from './datastores/migrations-postgres.js';
export type { MigrateOptions, MigrationReport } from './datastores/migrations.js';
export { postgres, type Postgres, type PostgresOptions } from './datastores/postgres.js';
