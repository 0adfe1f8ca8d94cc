import { createHash } from 'node:crypto';
import { ACME_ROOT_FILE, type EdgeSettings, caddyConfig } from './caddy-config';
import { CONFIG_FILE, EDGE_USER } from './edge-entry';
import type { Json } from './proxy-routes';

/** The configuration that is tried before it becomes the one that the edge starts with. */
export const NEXT_FILE = 'next.json';
/** What the edge was last given, so that a later run knows whether it is still right. */
export const FINGERPRINT_FILE = 'fingerprint';

/** A file for the edge's folder of configuration. */
export interface EdgeFile {
  path: string;
  mode: number;
  content: Buffer;
  owner: number;
}

/** What the edge serves, and by what it is known. Holds private keys. */
export interface EdgeContent {
  fingerprint: string;
  /** Files that a running edge is asked to try. */
  next: readonly EdgeFile[];
  /** Files that an edge starts with. */
  files: readonly EdgeFile[];
}

/** @param acmeRoot the root certificate of a private ACME authority, PEM. */
export function edgeContent(settings: EdgeSettings, acmeRoot?: string): EdgeContent {
  return contentOf(caddyConfig(settings), acmeRoot);
}

/** The same of a configuration that an edge has already. */
export function contentOf(settled: Json, acmeRoot?: string): EdgeContent {
  const config = JSON.stringify(settled);
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([config, acmeRoot ?? null]))
    .digest('hex');
  const root = acmeRoot === undefined ? [] : [fileOf(ACME_ROOT_FILE, acmeRoot)];
  return {
    fingerprint,
    next: [fileOf(NEXT_FILE, config), ...root],
    files: [fileOf(CONFIG_FILE, config), ...root, fileOf(FINGERPRINT_FILE, fingerprint)],
  };
}

function fileOf(path: string, content: string): EdgeFile {
  return { path, mode: 0o400, content: Buffer.from(content), owner: EDGE_USER };
}
