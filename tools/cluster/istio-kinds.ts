import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { mustRun } from '../command.js';

const MODULE = join(dirname(fileURLToPath(import.meta.url)), 'programs/istio-api');

/** The definition of Istio's VirtualService, as its release has it. */
export async function virtualServiceKind(): Promise<object> {
  const args = ['mod', 'download', '-json', 'istio.io/api'];
  const env = { GOFLAGS: '' };
  const { Dir } = JSON.parse(await mustRun('go', args, { cwd: MODULE, env })) as { Dir: string };
  const file = join(Dir, 'kubernetes/customresourcedefinitions.gen.yaml');
  const kinds = parseAllDocuments(await readFile(file, 'utf8')).map(
    (document) => document.toJS() as { metadata?: { name?: string } } | null,
  );
  return kinds.find((kind) => kind?.metadata?.name === 'virtualservices.networking.istio.io')!;
}
