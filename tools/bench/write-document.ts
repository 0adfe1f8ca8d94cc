import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ROOT } from '../generated/file.js';
import { replaceBlock } from './report/document.js';

const DOCUMENT = join(ROOT, 'docs/benchmarks.md');

/** Fills blocks of docs/benchmarks.md, and writes the pictures beside it. */
export async function writeDocument(
  blocks: Record<string, string>,
  pictures: Record<string, string>,
): Promise<void> {
  let text = await readFile(DOCUMENT, 'utf8');
  for (const [name, content] of Object.entries(blocks)) text = replaceBlock(text, name, content);
  await writeFile(DOCUMENT, text);
  for (const [name, picture] of Object.entries(pictures)) {
    const file = join(dirname(DOCUMENT), 'benchmarks', name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, picture);
  }
}
