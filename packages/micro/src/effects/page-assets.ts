import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PageAssets } from '../topology/page';

const FOLDER = join(__dirname, '../topology/browser');

/** The files of the topology page, except the platform's data. */
export function readPageAssets(): PageAssets {
  return {
    style: readFileSync(join(FOLDER, 'style.css'), 'utf8'),
    script: readFileSync(join(FOLDER, 'script.js'), 'utf8'),
  };
}
