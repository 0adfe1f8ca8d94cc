import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { differences, docker, imageIds, readImages, type ImageContent } from './images.js';
import { oracleImages } from './oracle.js';
import type { BaseName, Platform } from './platform.js';
import { HOME, type Toolchain } from './toolchain.js';
import { createPlatformWorkspace, type PlatformWorkspace } from './workspace.js';

/** What a change did to one service. */
export interface ServiceVerdict {
  name: string;
  /** According to the oracle: the content of its image changed. */
  changed: boolean;
  /** What in it changed, for messages. */
  what: string[];
  /** BuildKit created an image that did not exist before. */
  built: boolean;
  /** The image with the service's name has another content than before. */
  delivered: boolean;
}

export interface StepResult {
  services: ServiceVerdict[];
  /** Changed services whose image is still the old one. */
  missed: string[];
  /** Those of them that even a run of all services does not build. */
  missedByKey: string[];
  /** Services that were built although their image did not change. */
  wasted: string[];
  /** The docker-build tasks that Nx ran, whether they had something to do or not. */
  selected: number;
  /** The output of Nx if it failed. */
  failure?: string;
}

/** A workspace that changes from one platform to the next. */
export interface Session {
  step: (after: Platform) => Promise<StepResult>;
  end: () => Promise<void>;
}

/** Creates a workspace for a platform and builds all its images. */
export async function startSession(toolchain: Toolchain, platform: Platform): Promise<Session> {
  const workspace = await createPlatformWorkspace(toolchain);
  const { scope } = workspace;
  let before = platform;
  const end = async () => {
    await removeImages(scope);
    await workspace.remove();
  };
  try {
    await buildBases(scope, undefined, platform);
    await workspace.become(platform);
    const first = await workspace.nx(runMany());
    if (first.exitCode !== 0) throw new Error(`${first.command}\n${first.output}`);
    let oracle = await oracleImages(workspace.root, scope, platform);
    let product = await productImages(workspace, platform);
    const seen = new Set(product.ids.values());
    // Content of the product's image -> that of the oracle's: if the first are equal, the second must be equal.
    const truths = new Map<string, string>();
    const note = (platformNow: Platform) => {
      const stale: string[] = [];
      for (const { name } of platformNow.services) {
        const is = product.contents.get(name);
        const should = oracle.get(name)!.hash;
        if (!is) stale.push(name);
        else if ((truths.get(is.hash) ?? should) !== should) stale.push(name);
        else truths.set(is.hash, should);
      }
      return stale;
    };
    note(platform);

    const step: Session['step'] = async (after) => {
      await buildBases(scope, before, after);
      await workspace.become(after);
      const outsideGit = JSON.stringify(before.bases) !== JSON.stringify(after.bases);
      const [run, truth] = await Promise.all([
        workspace.nx(outsideGit ? runMany() : affected()),
        oracleImages(workspace.root, scope, after),
      ]);
      const last = { oracle, product };
      oracle = truth;
      product = await productImages(workspace, after);
      const stale = note(after);
      const services = after.services.map(({ name }): ServiceVerdict => {
        const was = last.oracle.get(name);
        const id = product.ids.get(name);
        return {
          name,
          changed: was?.hash !== truth.get(name)!.hash,
          what: was ? differences(was, truth.get(name)!) : ['new'],
          built: id !== undefined && !seen.has(id),
          delivered: product.contents.get(name)?.hash !== last.product.contents.get(name)?.hash,
        };
      });
      product.ids.forEach((id) => seen.add(id));
      const missed = services
        .filter(({ name, changed, delivered }) => (changed && !delivered) || stale.includes(name))
        .map(({ name }) => name);
      let missedByKey: string[] = [];
      if (missed.length > 0) {
        await workspace.nx(runMany());
        product = await productImages(workspace, after);
        product.ids.forEach((id) => seen.add(id));
        missedByKey = missed.filter(
          (name) =>
            note(after).includes(name) ||
            product.contents.get(name)?.hash === last.product.contents.get(name)?.hash,
        );
        // The next change must start from correct images.
        if (missedByKey.length > 0) {
          await workspace.nx([...runMany(), '--skip-nx-cache']);
          product = await productImages(workspace, after);
          product.ids.forEach((id) => seen.add(id));
        }
      }
      before = after;
      return {
        services,
        missed,
        missedByKey,
        wasted: services.filter(({ built, changed }) => built && !changed).map(({ name }) => name),
        selected: new Set(run.output.match(/\S+:docker-build\b/g)).size,
        ...(run.exitCode === 0 ? {} : { failure: `${run.command}\n${run.output}` }),
      };
    };
    return { step, end };
  } catch (error) {
    await end();
    throw error;
  }
}

const COMMON = ['--output-style=stream', '--parallel=2'];
const runMany = () => ['run-many', '-t', 'docker-build', ...COMMON];
const affected = () => [
  'affected',
  '-t',
  'docker-build',
  '--base=HEAD~1',
  '--head=HEAD',
  ...COMMON,
];

interface ProductImages {
  ids: Map<string, string>;
  contents: Map<string, ImageContent>;
}

async function productImages(
  { scope }: PlatformWorkspace,
  { services }: Platform,
): Promise<ProductImages> {
  const references = new Map(services.map(({ name }) => [name, `${scope}/${name}:local`]));
  const ids = await imageIds([...references.values()]);
  const contents = await readImages([...ids.keys()]);
  const byService = <T>(values: ReadonlyMap<string, T>) =>
    new Map(
      [...references].flatMap(([name, reference]) => {
        const value = values.get(reference);
        return value === undefined ? [] : [[name, value] as const];
      }),
    );
  return { ids: byService(ids), contents: byService(contents) };
}

/** Base images are named by tags, as in practice. The image behind a tag may change. */
async function buildBases(
  scope: string,
  before: Platform | undefined,
  after: Platform,
): Promise<void> {
  for (const [name, edition] of Object.entries(after.bases)) {
    if (before?.bases[name as BaseName] === edition) continue;
    const context = await mkdtemp(join(HOME, 'base-'));
    await writeFile(join(context, 'edition'), `${name} ${edition}\n`);
    await writeFile(
      join(context, 'Dockerfile'),
      `FROM scratch\nCOPY edition /etc/edition\nENV BASE=${name}\n`,
    );
    await docker(['build', '--quiet', '--tag', `${scope}/base:${name}`, context]);
    await rm(context, { recursive: true });
  }
}

async function removeImages(scope: string): Promise<void> {
  const format = '{{.Repository}}:{{.Tag}}';
  const list = ['image', 'ls', '--filter', `reference=${scope}*/*`, '--format', format];
  // By name: another session may have an image with the same content, and so the same id.
  const names = (await docker(list)).toString().split('\n').filter(Boolean);
  if (names.length > 0) await docker(['image', 'rm', '--force', ...names]);
}
