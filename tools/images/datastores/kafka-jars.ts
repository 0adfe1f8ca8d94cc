import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustRun } from '../../command.js';
import { aptInstall } from '../../debian/apt.js';
import { LabError } from '../../program.js';
import { inTemporaryDirectory } from '../temporary-directory.js';

const HERE = join(dirname(fileURLToPath(import.meta.url)), 'kafka');
const CACHE = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');

/**
 * The folder with the jars of kafka/pom.xml. They are fetched once per content of kafka/jars.sha256, and then kept.
 *
 * @throws LabError if Maven Central does not have them, or has others.
 */
export async function ensureKafkaJars(): Promise<string> {
  const pins = await readFile(join(HERE, 'jars.sha256'), 'utf8');
  const folder = join(CACHE, 'org-micro-kafka', hash(pins).slice(0, 16));
  if (existsSync(folder)) return folder;
  if (!existsSync('/usr/bin/mvn')) await aptInstall(['maven']);
  await inTemporaryDirectory(async (directory) => {
    const jars = join(directory, 'jars');
    await mustRun('mvn', [
      ...['--quiet', '--batch-mode', '--file', join(HERE, 'pom.xml')],
      'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies',
      ...['-DincludeScope=runtime', `-DoutputDirectory=${jars}`],
    ]);
    const wrong: string[] = [];
    const checked = join(directory, 'checked');
    await mkdir(checked);
    for (const line of pins.trim().split('\n')) {
      const [expected, name] = line.split(/\s+/) as [string, string];
      const content = await readFile(join(jars, name)).catch(() => Buffer.alloc(0));
      if (hash(content) !== expected) wrong.push(name);
      else await rename(join(jars, name), join(checked, name));
    }
    if (wrong.length > 0) throw new LabError(`not as in jars.sha256: ${wrong.join(', ')}`);
    // Another process may do the same.
    const partial = `${folder}.${process.pid}`;
    await mkdir(dirname(folder), { recursive: true });
    await cp(checked, partial, { recursive: true });
    await rename(partial, folder).catch(() => rm(partial, { recursive: true }));
  });
  return folder;
}

function hash(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
