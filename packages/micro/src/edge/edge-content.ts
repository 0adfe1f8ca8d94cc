import { createHash } from 'node:crypto';
import { ACME_ROOT_FILE, type EdgeSettings, caddyConfig } from './caddy-config';
import { CONFIG_FILE, EDGE_USER } from './edge-entry';
import type { Json } from './proxy-routes';

/** The new configuration: it is tested under this name before it replaces the one that the edge starts with. */
export const NEXT_FILE = 'next.json';
/** The fingerprint of the last configuration, by which a later run sees whether it is still up to date. */
export const FINGERPRINT_FILE = 'fingerprint';

/** A file for the edge's folder of configuration. */
export interface EdgeFile {
  path: string;
  mode: number;
  content: Buffer;
  owner: number;
}

/** The configuration of the edge with its fingerprint. Contains private keys. */
export interface EdgeContent {
  fingerprint: string;
  /** Files that a running edge tests. */
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
