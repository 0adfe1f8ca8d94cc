export { MigrationError } from './datastores/migration-plan.js';
export { migrateMysql } from './datastores/migrations-mysql.js';
export type { MigrateOptions, MigrationReport } from './datastores/migrations.js';
export { mysql, type Mysql, type MysqlOptions } from './datastores/mysql.js';
