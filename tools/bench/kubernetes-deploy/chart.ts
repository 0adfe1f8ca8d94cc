import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const KUSTOMIZATION = 'kustomization.yaml';

/** Makes a chart of a rendered folder: the same objects, each file as a template. */
export async function writeChart(rendered: string, chart: string, name: string): Promise<void> {
  const templates = join(chart, 'templates');
  await rm(chart, { recursive: true, force: true });
  await mkdir(templates, { recursive: true });
  await writeFile(join(chart, 'Chart.yaml'), `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`);
  for (const file of await readdir(rendered)) {
    if (file === KUSTOMIZATION) continue;
    const text = await readFile(join(rendered, file), 'utf8');
    await writeFile(join(templates, file), text.replaceAll('{{', `{{ "{{" }}`));
  }
}
