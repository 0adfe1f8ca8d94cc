import type { RECEIPTS_FOLDER as Receipts, SBOM_FOLDER as Sboms } from '../image/receipt';
import type { LAMBDA_FOLDER as LambdaFolder } from '../lambda/function';
import type { LAMBDA_ENTRY as LambdaEntry } from '../platform/lambda-entry';
import type { MANIFEST_FILE as Manifest } from '../platform/manifest';
import type { EXCEPTIONS_FILE as Exceptions } from '../scan/exceptions';
import type { SCANS_FOLDER as Scans } from '../scan/scan-receipt';
import type { ROOT_COMPOSE_FILE as RootCompose } from '../platform/workspace';

/*
 * Nx loads this folder for every project graph. The modules whose names these are would bring zod and
 * yaml with them, so only their types are imported: they hold each name to be the same.
 */
export const RECEIPTS_FOLDER: typeof Receipts = 'dist/receipts';
export const SBOM_FOLDER: typeof Sboms = 'dist/sboms';
export const LAMBDA_FOLDER: typeof LambdaFolder = 'dist/lambda';
export const LAMBDA_ENTRY: typeof LambdaEntry = 'src/lambda.ts';
export const SCANS_FOLDER: typeof Scans = 'dist/scans';
export const EXCEPTIONS_FILE: typeof Exceptions = 'scan-exceptions.yml';
export const MANIFEST_FILE: typeof Manifest = 'service.yml';
export const ROOT_COMPOSE_FILE: typeof RootCompose = 'compose.yaml';
