import { z } from 'zod';
import { findingSchema } from './finding';
import { SCANNER_NAMES } from './scanner';

/** What `docker-scan` leaves behind: what was scanned, with what, and what was found. */
export const scanReceiptSchema = z.object({
  kind: z.literal('docker-scan'),
  service: z.string(),
  /** The key of the image, hex. */
  key: z.string(),
  of: z.array(z.enum(['sbom', 'image'])),
  /** The sha256 of the SBOM, hex. */
  sbom: z.string().optional(),
  scanner: z.enum(SCANNER_NAMES),
  version: z.string(),
  database: z.string(),
  findings: z.array(findingSchema),
  since: z.string(),
});
export type ScanReceipt = z.output<typeof scanReceiptSchema>;

export const SCANS_FOLDER = 'dist/scans';

/** `dist/scans/apps/orders/sbom.json`: the SBOM for a scanner that does not read ours. */
export function convertedSbomFile(projectRoot: string): string {
  return `${SCANS_FOLDER}/${projectRoot}/sbom.json`;
}

/** `dist/scans/apps/orders/docker-scan.sarif` */
export function sarifFile(projectRoot: string): string {
  return `${SCANS_FOLDER}/${projectRoot}/docker-scan.sarif`;
}
