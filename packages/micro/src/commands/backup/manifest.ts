import { z } from 'zod';
import { DATABASE_ENGINES, DATASTORE_PURPOSES } from '../../platform/datastore';

/** What stands beside a dump: what it is of, and how to tell that it is whole. */
export const dumpManifestSchema = z.object({
  kind: z.literal('micro-backup'),
  /** The dump's file, in the manifest's own folder. */
  file: z.string().regex(/^[^/\\]+$/),
  /** The service that owns the datastore. */
  service: z.string(),
  purpose: z.enum(DATASTORE_PURPOSES),
  engine: z.enum(DATABASE_ENGINES),
  /** As the server itself says it. */
  serverVersion: z.string(),
  /** As the compose file names it. */
  image: z.string(),
  /** The database in the server. */
  database: z.string(),
  environment: z.string(),
  /** When the dump was begun, ISO 8601. */
  since: z.string(),
  bytes: z.int().positive(),
  /** Of the dump's file, hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Its end was seen to arrive. Absent in dumps from before that was looked at. */
  isWhole: z.literal(true).optional(),
});
export type DumpManifest = z.output<typeof dumpManifestSchema>;

/** `orders-database.pgdump` -> `orders-database.pgdump.json` */
export function manifestFile(file: string): string {
  return `${file}.json`;
}
