import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FACTS_FILE, HANDLER, RUNTIME, ZIP_FILE, type FunctionFacts } from '../lambda/function';
import { functionZip } from '../lambda/function-zip';
import { ARTIFACT_FOLDER } from './bundle-artifact';
import { listFiles, writeWhole } from './files';

/** Zips the artifact in `folder`, and writes the zip and what is known of it beside it. */
export async function writeFunctionZip(folder: string): Promise<FunctionFacts> {
  const app = join(folder, ARTIFACT_FOLDER);
  const files = await Promise.all(
    (await listFiles(app)).map(async (path) => ({
      path,
      content: await readFile(join(app, path)),
      executable: ((await stat(join(app, path))).mode & 0o111) !== 0,
    })),
  );
  const zip = functionZip(files);
  const facts: FunctionFacts = {
    handler: HANDLER,
    runtime: RUNTIME,
    zip: ZIP_FILE,
    bytes: zip.length,
    codeSha256: createHash('sha256').update(zip).digest('base64'),
  };
  await writeFile(join(folder, ZIP_FILE), zip);
  await writeWhole(join(folder, FACTS_FILE), `${JSON.stringify(facts, null, 2)}\n`);
  return facts;
}
