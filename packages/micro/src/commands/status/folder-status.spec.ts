import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { describe, expect, it } from 'vitest';
import type { LiveObject } from '../../kubernetes/live-object';
import { failure, recordingRunner } from '../../testing/recording-runner';
import { runCommand } from '../../testing/shell';
import { temporaryWorkspace } from '../../testing/temporary-workspace';
import { renderCommand } from '../render/command';
import { statusCommand } from './command';
import { folderStatusSchema, type FolderStatus } from './folder-document';

const FOLDER = 'deploy/live';
const KEY = 'a'.repeat(64);
const push = (service: string) => ({
  ...{ kind: 'pushed', service, environment: 'live', key: KEY, tags: [], since: '2026-11-27' },
  ...{ image: `reg.example.com/acme/${service}:k-1`, digest: `sha256:${KEY}` },
});
const WRITTEN = { services: { orders: { environment: { PORT: '3001' } }, users: {} } };

/** Answers for a cluster with these objects, and for the compose files of the workspace. */
function runnerOf(root: string, live: readonly object[], written: object = WRITTEN) {
  return recordingRunner((line, { args, stdin }) => {
    if (line.startsWith('docker')) return { stdout: JSON.stringify(written) };
    if (line.includes(' kustomize ')) return { stdout: kustomize(args.at(-1)!) };
    if (line.includes('get namespace')) return { stdout: '{}' };
    if (line.includes('--output name')) return { stdout: '' };
    if (line.includes('--filename -')) {
      const { items } = JSON.parse(String(stdin)) as { items: LiveObject[] };
      const found = items.filter(({ kind }) => kind === 'ConfigMap');
      return { stdout: found.length > 0 ? JSON.stringify({ items: found }) : '' };
    }
    if (line.startsWith('kubectl')) return { stdout: JSON.stringify({ items: live }) };
    return failure(`no git in ${root}`);
  });
}

/** The objects of a folder, without patches. */
function kustomize(folder: string): string {
  const files = readdirSync(folder).filter((name) => name !== 'kustomization.yaml');
  return files.map((name) => readFileSync(join(folder, name), 'utf8')).join('---\n');
}

/** A workspace with its folder rendered. */
async function workspace(): Promise<string> {
  const root = temporaryWorkspace({
    'package.json': JSON.stringify({ name: '@acme/source' }),
    'compose.yaml': '',
    'environments/live.yml': 'engine: kubernetes\ncontext: far\nregistry: reg.example.com\n',
    'environments/other.yml': 'registry: reg.example.com\n',
    ...Object.fromEntries(
      ['orders', 'users'].flatMap((name, index) => [
        [`apps/${name}/service.yml`, `port: ${3001 + index}\n`],
        [`apps/${name}/package.json`, JSON.stringify({ name })],
        [`dist/receipts/apps/${name}/docker-push.live.json`, JSON.stringify(push(name))],
      ]),
    ),
  });
  const options = { runner: runnerOf(root, []) };
  await runCommand(renderCommand, root, `-e live --out ${FOLDER}`, options);
  return root;
}

/** What the cluster has once the folder was applied by whoever. */
function applied(root: string): LiveObject[] {
  return parseAllDocuments(kustomize(join(root, FOLDER))).map(
    (document) => document.toJS() as LiveObject,
  );
}

const status = async (root: string, live: readonly object[], more = '', written?: object) => {
  const runner = runnerOf(root, live, written);
  const line = `-e live --folder=${FOLDER} ${more}`;
  return { ...(await runCommand(statusCommand, root, line, { runner })), runner };
};

describe('micro status --folder', () => {
  it('is content if the cluster and the workspace have what the folder has', async () => {
    const root = await workspace();
    const { exitCode, output, runner } = await status(root, applied(root), '--check');
    expect(output).toBe(
      `acme in live  namespace acme-live, folder ${FOLDER}

✓  9 of 9 objects of the folder are in the cluster as they are written

cluster, folder and workspace are the same`,
    );
    expect(exitCode).toBe(0);
    // One list per kind, however many objects there are.
    expect(runner.lines.filter((line) => / get /.test(line))).toHaveLength(3);
  });

  it('names what differs in the cluster, by whomever it was applied', async () => {
    const root = await workspace();
    const live = applied(root)
      .filter(({ kind, metadata }) => !(kind === 'Service' && metadata.name === 'users'))
      .map((object) =>
        object.kind === 'Deployment' && object.metadata.name === 'orders'
          ? { ...object, spec: { ...(object.spec as object), replicas: 5, paused: false } }
          : object,
      );
    const old = { ...live[0]!, kind: 'Deployment', metadata: { name: 'billing' } };
    const labels = { 'app.kubernetes.io/name': 'billing' };
    live.push({ ...old, metadata: { name: 'billing', labels } });
    const { exitCode, output } = await status(root, live, '--check');
    expect(exitCode).toBe(1);
    expect(output).toContain('7 of 9 objects');
    expect(output).toMatch(/! +deployment\/orders +changed in the cluster: spec\.replicas/);
    expect(output).toMatch(/✕ +service\/users +not in the cluster/);
    expect(output).toMatch(/! +deployment\/billing +in the cluster, but not in the folder/);
  });

  it('names the files that would be rendered otherwise now', async () => {
    const root = await workspace();
    rmSync(join(root, FOLDER, 'users.yaml'));
    const text = readFileSync(join(root, FOLDER, 'orders.yaml'), 'utf8');
    writeFileSync(join(root, FOLDER, 'billing.yaml'), text);
    const written = { services: { orders: { environment: { PORT: '3001', LEVEL: 'debug' } } } };
    const { exitCode, output } = await status(root, applied(root), '--json --check', written);
    expect(exitCode).toBe(1);
    const document = JSON.parse(output) as FolderStatus;
    expect(folderStatusSchema.parse(document)).toEqual(document);
    expect(document.files).toEqual([
      { path: `${FOLDER}/orders.yaml`, state: 'changed' },
      { path: `${FOLDER}/users.yaml`, state: 'added' },
      { path: `${FOLDER}/billing.yaml`, state: 'stale' },
    ]);
    const lines = (await status(root, applied(root), '', written)).output;
    expect(lines).toContain(
      `the folder is not what the workspace declares now: ${FOLDER}/orders.yaml changed, ${FOLDER}/users.yaml is new, ${FOLDER}/billing.yaml is not rendered any more`,
    );
  });

  it('takes a kustomization of a person that has the folder as a resource, with objects of their own', async () => {
    const root = await workspace();
    const overlay = join(root, 'deploy/overlay');
    mkdirSync(overlay);
    writeFileSync(join(overlay, 'kustomization.yaml'), 'resources: [mine.yaml, ../live]\n');
    const mine = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine' } };
    writeFileSync(join(overlay, 'mine.yaml'), JSON.stringify(mine));
    const runner = runnerOf(root, applied(root));
    const line = '-e live --folder=deploy/overlay --json --check';
    const { exitCode, output } = await runCommand(statusCommand, root, line, { runner });
    expect(JSON.parse(output)).toMatchObject({
      objects: [{ object: 'configmap/mine', state: 'in-step' }],
      ...{ files: [], notes: [] },
    });
    // What the fake of kustomize leaves out.
    expect((JSON.parse(output) as FolderStatus).left).toHaveLength(9);
    expect(exitCode).toBe(1);
  });

  it('says what could not be compared', async () => {
    const root = await workspace();
    rmSync(join(root, 'dist'), { recursive: true });
    const { exitCode, output } = await status(root, applied(root), '--check');
    expect(exitCode).toBe(1);
    expect(output).toContain(
      'the folder was not compared with the workspace: nothing of orders, users was pushed for live yet',
    );
  });

  it.each([
    ['-e other --folder=deploy/live', 'the engine of environments/other.yml is compose'],
    ['-e live --folder=deploy/live --check --pushed', '--pushed and --folder cannot be combined'],
  ])('refuses %s', async (line, message) => {
    const root = await workspace();
    await expect(
      runCommand(statusCommand, root, line, { runner: runnerOf(root, []) }),
    ).rejects.toThrow(message);
  });
});
