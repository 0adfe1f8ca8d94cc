import { build } from 'esbuild';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { docker, readImages, type ImageContent } from './images.js';
import { NATIVE_PACKAGES, rootOf, type Platform, type Service } from './platform.js';
import { HOME } from './toolchain.js';

/**
 * The true content of every service's image, found without the plugin: bundled here, with its external packages as they
 * are in node_modules, and built from scratch by a plain `docker build`. All files are newly written, so BuildKit
 * cannot confuse one with a file that it received before.
 */
export async function oracleImages(
  root: string,
  scope: string,
  { services }: Platform,
): Promise<Map<string, ImageContent>> {
  const built: [string, string][] = [];
  const waiting = [...services];
  const work = async () => {
    for (let service = waiting.shift(); service; service = waiting.shift()) {
      built.push([service.name, await buildImage(root, scope, service)]);
    }
  };
  await Promise.all([work(), work()]);
  const images = await readImages(built.map(([, reference]) => reference));
  await docker(['image', 'rm', ...images.keys()]);
  return new Map(built.map(([name, reference]) => [name, images.get(reference)!]));
}

async function buildImage(root: string, scope: string, service: Service): Promise<string> {
  const context = await mkdtemp(join(HOME, 'oracle-'));
  try {
    const app = join(context, 'dist', rootOf(service), 'app');
    const external = [
      ...service.external,
      ...NATIVE_PACKAGES.filter((name) => service.packages[name] !== undefined),
    ];
    await build({
      absWorkingDir: root,
      entryPoints: [`${rootOf(service)}/src/main.ts`],
      outfile: join(app, 'main.js'),
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      external,
      minifySyntax: true,
      legalComments: 'none',
      logLevel: 'silent',
    });
    for (const name of new Set(external)) {
      const from = findPackage(join(root, rootOf(service)), name);
      if (!from) throw new Error(`${name} of ${service.name} is not installed`);
      await copyPackage(from, join(app, 'node_modules', name), new Set());
    }
    const source = join(root, rootOf(service));
    if (service.asset) {
      await cp(join(source, 'assets'), join(app, 'assets'), { recursive: true });
      // The product's rule for modes: they depend on content, and this is not a program.
      await chmod(join(app, 'assets/rules.txt'), 0o644);
    }
    if (service.static !== undefined) {
      await mkdir(join(context, rootOf(service)), { recursive: true });
      await cp(join(source, 'static.txt'), join(context, rootOf(service), 'static.txt'));
    }
    await writeFile(join(context, 'Dockerfile'), await readFile(join(source, 'Dockerfile')));
    const reference = `${scope}-oracle/${service.name}:now`;
    await docker(['build', '--no-cache', '--quiet', '--tag', reference, context]);
    return reference;
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

/** A package with all its dependencies below it, wherever the package manager installed them. */
async function copyPackage(from: string, to: string, above: ReadonlySet<string>): Promise<void> {
  await cp(from, to, {
    recursive: true,
    filter: (path) => basename(path) !== 'node_modules',
  });
  const { dependencies = {} } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  for (const name of Object.keys(dependencies).sort()) {
    const directory = findPackage(from, name);
    if (!directory) throw new Error(`${name}, needed by ${from}, is not installed`);
    if (above.has(directory)) continue;
    await copyPackage(directory, join(to, 'node_modules', name), new Set([...above, from]));
  }
}

/** Finds packages like Node does. */
function findPackage(from: string, name: string): string | undefined {
  for (let at = from; at !== dirname(at); at = dirname(at)) {
    const directory = join(at, 'node_modules', name);
    if (existsSync(join(directory, 'package.json'))) return realpathSync(directory);
  }
  return undefined;
}
