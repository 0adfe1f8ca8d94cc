import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CHANGED_LIBRARY, CHANGED_SERVICE } from '../application/services.js';
import { LIBRARY_FILE, ROUTE_FILE } from '../application/sources.js';
import { ADDED_PACKAGE } from '../application/versions.js';
import { moveBase } from '../base-image.js';
import type { Site } from '../site.js';
import { runAffected, runAll, timeBuild } from './build.js';
import { DAEMON, stopDaemon } from './daemon.js';
import type { Work } from './work.js';

/** Each run commits something new on top of the last commit, as in a repository's history. */
const CHANGE = { group: 'time', unit: 's', warmUps: 1, needsImages: true } as const;

const affected: Work['measure'] = (site) => timeBuild(site, runAffected(site));

const replaceIn = async ({ workspace, nonce }: Site, file: string, pattern: RegExp) => {
  const text = await workspace.read(file);
  await workspace.write(
    file,
    text.replace(pattern, (_all, start: string) => start + nonce()),
  );
  await workspace.commit(`A change of ${file}`);
};

const append = async ({ workspace, nonce }: Site, file: string, start: string) => {
  await appendFile(join(workspace.root, file), `${start} ${nonce()}\n`);
  await workspace.commit(`A change of ${file}`);
};

const changeLine = (site: Site) => replaceIn(site, ROUTE_FILE(CHANGED_SERVICE), /(version: ')\w+/);

/** Runs of `npm install` by site. Each installs a version that earlier runs did not. */
const installs = new WeakMap<Site, number>();

async function addPackage(site: Site): Promise<void> {
  const { workspace, contender } = site;
  const { name, versions } = ADDED_PACKAGE;
  const count = installs.get(site) ?? 0;
  installs.set(site, count + 1);
  const version = versions[count % versions.length]!;
  await workspace.npm(...contender.addPackage(`${name}@${version}`, CHANGED_SERVICE));
  const file = ROUTE_FILE(CHANGED_SERVICE);
  if (count === 0) {
    const text = await workspace.read(file);
    const used = text
      .replace(/^/, `import ${name} from '${name}';\n`)
      .replace("version: '", `day: ${name}('1d'), version: '`);
    await workspace.write(file, used);
  }
  await replaceIn(site, file, /(version: ')\w+/);
}

export const changes: readonly Work[] = [
  {
    ...CHANGE,
    id: 'line',
    title: 'one line in one service',
    aim: 0.6,
    prepare: changeLine,
    measure: affected,
  },
  {
    ...CHANGE,
    id: 'line-daemon',
    title: 'the same, daemon on',
    aim: 0.4,
    warmUps: 2,
    prepare: changeLine,
    measure: (site) => timeBuild(site, runAffected(site), DAEMON),
    close: stopDaemon,
  },
  {
    ...CHANGE,
    id: 'library',
    title: 'one line in a library of three',
    aim: 0.4,
    prepare: (site) => replaceIn(site, LIBRARY_FILE(CHANGED_LIBRARY), /(return `)\w+/),
    measure: affected,
  },
  {
    ...CHANGE,
    id: 'comment',
    title: 'a comment in one service',
    prepare: (site) => append(site, ROUTE_FILE(CHANGED_SERVICE), '//'),
    measure: affected,
  },
  {
    ...CHANGE,
    id: 'test',
    title: 'a test of one service',
    prepare: (site) => append(site, `apps/${CHANGED_SERVICE}/src/routes/work.spec.ts`, '//'),
    measure: affected,
  },
  {
    ...CHANGE,
    id: 'readme',
    title: 'the README of one service',
    prepare: (site) => append(site, `apps/${CHANGED_SERVICE}/README.md`, ''),
    measure: affected,
  },
  {
    ...CHANGE,
    id: 'dependency',
    title: 'a dependency of one service',
    warmUps: 0,
    prepare: addPackage,
    measure: affected,
  },
  {
    ...CHANGE,
    id: 'base',
    title: 'the base image changed, all 8',
    warmUps: 0,
    prepare: async (site) => moveBase(site.firstBase, site.base, site.nonce()),
    measure: (site) => timeBuild(site, runAll(site)),
    close: async (site) => {
      await moveBase(site.firstBase, site.base, 'first');
      await site.time(runAll(site));
    },
  },
];
