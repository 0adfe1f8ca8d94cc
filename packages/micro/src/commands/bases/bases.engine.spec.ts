import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureRegistry } from '../../../../../tools/registry/ensure-registry';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { docker, EngineWorkspace } from '../../testing/engine-workspace';
import { runCommand } from '../../testing/shell';
import { basesCommand } from './command';
import type { Base } from './report';

/** 2026-06-01 and 2026-06-11, in seconds. */
const [FIRST, SECOND] = [1_780_272_000, 1_781_136_000] as const;
const DAY = 24 * 60 * 60 * 1000;

describeEngine('micro bases with a registry', () => {
  let workspace: EngineWorkspace;
  let host: string;
  let names: { common: string; own: string };
  const services = ['mailer', 'orders', 'users'];

  beforeAll(async () => {
    ({ host } = await ensureRegistry());
    workspace = new EngineWorkspace({ name: 'micro-bases-' });
    const nameOf = (base: string) => `${host}/${workspace.platform}/${base}:1`;
    names = { common: nameOf('common'), own: nameOf('own') };
    publish(names.common, FIRST);
    publish(names.own, FIRST);
    for (const [index, service] of services.entries()) {
      workspace.addService(service, 3001 + index);
      workspace.write({
        [`apps/${service}/Dockerfile`]: [
          `ARG NODE_IMAGE=${service === 'mailer' ? names.own : names.common}`,
          'FROM scratch AS artifact',
          'FROM ${NODE_IMAGE}',
          'COPY --from=artifact / /',
          '# kept',
          `LABEL spec=${workspace.platform}`,
          '',
        ].join('\n'),
      });
      expect(await workspace.build(service)).toMatchObject({ success: true });
    }
  });

  afterAll(() => {
    if (!workspace) return;
    workspace.remove();
    docker('image', 'rm', '--force', ...Object.values(names));
  });

  /** Builds a base as its vendor would, and leaves it in the registry alone. */
  const publish = (name: string, time: number) => {
    const date = new Date(time * 1000).toISOString();
    workspace.write({
      'base.Dockerfile': `FROM scratch\nCOPY base.txt /\nLABEL spec=${workspace.platform}\n`,
      'base.txt': date,
    });
    const epoch = ['--build-arg', `SOURCE_DATE_EPOCH=${time}`];
    const file = ['--file', `${workspace.root}/base.Dockerfile`, workspace.root];
    docker(
      'buildx',
      'build',
      '--quiet',
      '--load',
      '--provenance=false',
      ...epoch,
      '--tag',
      name,
      ...file,
    );
    docker('push', '--quiet', name);
    docker('image', 'rm', '--force', name);
  };
  const bases = async (line = '', now = FIRST * 1000) => {
    const clock = { now: () => now } as never;
    const { exitCode, output } = await runCommand(basesCommand, workspace.root, line, { clock });
    expect(exitCode, output).toBe(0);
    return output;
  };
  const read = async () => {
    const list = JSON.parse(await bases('--json')) as Base[];
    return (name: string) => list.find((base) => base.name.startsWith(name))!;
  };
  /** What the registry itself says. */
  const digestOf = async (name: string) => {
    const [repository, tag] = name.slice(host.length + 1).split(':');
    const accept =
      'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json';
    const url = `http://${host}/v2/${repository}/manifests/${tag}`;
    const answer = await fetch(url, { method: 'HEAD', headers: { accept } });
    return answer.headers.get('docker-content-digest');
  };
  const build = async () => {
    const { success, ended } = await workspace.dockerBuildTogether(services);
    expect(success, JSON.stringify(ended)).toBe(true);
    return services.filter((service) => !ended[service]!.output.includes('up to date'));
  };

  it('shows what the registry has: the digest, its age, and who is built on it', async () => {
    expect(await build()).toEqual(services);
    const output = await bases('', FIRST * 1000 + 3 * DAY);
    expect(output).toMatch(/common:1 +- +3 days +not pinned +orders, users/);
    expect(output).toMatch(/own:1 +- +3 days +not pinned +mailer/);
    const base = await read();
    expect(base(names.common)).toMatchObject({
      now: await digestOf(names.common),
      state: 'not pinned',
      services: ['orders', 'users'],
    });
    expect(Date.parse(base(names.common).created!)).toBe(FIRST * 1000);
  });

  it('pins them by digest, and keeps the rest of the Dockerfiles', async () => {
    const digests = {
      common: await digestOf(names.common),
      own: await digestOf(names.own),
    };
    await bases('--update');
    expect(workspace.read('apps/orders/Dockerfile')).toContain(
      `ARG NODE_IMAGE=${names.common}@${digests.common}\n`,
    );
    expect(workspace.read('apps/mailer/Dockerfile')).toContain(
      `ARG NODE_IMAGE=${names.own}@${digests.own}\n`,
    );
    expect(workspace.read('apps/users/Dockerfile')).toContain('\n# kept\n');
    expect((await read())(names.common)).toMatchObject({ state: 'current' });
  });

  it('says what is newer, and the update makes exactly the users of that base built again', async () => {
    await build();
    expect(await build()).toEqual([]);
    const before = await digestOf(names.common);
    publish(names.common, SECOND);
    const after = await digestOf(names.common);
    expect(after).not.toBe(before);

    const { digest, newer, state } = (await read())(names.common);
    expect({ digest, newer: newer?.digest, state }).toEqual({
      digest: before,
      newer: after,
      state: 'outdated',
    });
    expect(await bases('', SECOND * 1000 + DAY)).toMatch(
      new RegExp(
        `common:1 +${before!.slice(0, 19)} +11 days +newer: ${after!.slice(0, 19)}, 1 day old`,
      ),
    );
    // Until somebody updates, the pin decides.
    expect(await build()).toEqual([]);

    const mailer = workspace.read('apps/mailer/Dockerfile');
    expect(await bases('--update')).toMatch(
      /^pinned {2}orders .*\npinned {2}users .*\nTheir images are built again/,
    );
    expect(workspace.read('apps/mailer/Dockerfile')).toBe(mailer);
    expect(await build()).toEqual(['orders', 'users']);
    expect(await bases('--update')).toBe(
      'All base images are pinned to the newest image of their tag.',
    );
  });
});
