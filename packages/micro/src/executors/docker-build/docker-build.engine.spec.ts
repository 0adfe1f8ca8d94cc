import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { ensureRegistry } from '../../../../../tools/registry/ensure-registry';
import type { BuildReceipt } from '../../image/receipt';
import { docker, EngineWorkspace, server } from '../../testing/engine-workspace';

const UP_TO_DATE = /^orders {2}up to date/m;
const BUILT = /^orders {2}building \((.+)\)$/m;
/** Docker kills after ten seconds; beside other specs even what ends at once takes more than one. */
const STOPS_WITHIN_MS = 5000;

describeEngine('docker-build', () => {
  let workspace: EngineWorkspace;

  beforeAll(() => {
    workspace = new EngineWorkspace({ name: 'micro engine with spaces-' });
    workspace.addService('orders', 3001);
    workspace.addService('users', 3002);
  });
  afterEach(() => vi.unstubAllEnvs());
  afterAll(() => workspace?.remove());

  const receipt = (of = 'orders') => workspace.receipt<BuildReceipt>(of, 'docker-build');
  const idOf = (image: string) => docker('image', 'inspect', '--format', '{{.Id}}', image);
  const mainIn = (image: string) => docker('run', '--rm', image, 'cat', '/app/main.js');
  const make = async (service = 'orders', options = {}) => {
    expect(await workspace.build(service)).toMatchObject({ success: true });
    return workspace.dockerBuild(service, options);
  };

  it('builds once, finds it afterwards, and builds again after docker rmi', async () => {
    const first = await make();
    expect(first.success, first.output).toBe(true);
    expect(first.output).toMatch(/building \(first build here\)\norders {2}built/);
    const { image, imageId } = receipt();
    expect(idOf(image)).toBe(imageId);
    expect(idOf(`${workspace.platform}/orders:local`)).toBe(imageId);
    const text = workspace.read('dist/receipts/apps/orders/docker-build.json');

    expect((await make()).output).toMatch(UP_TO_DATE);
    workspace.write({ 'apps/orders/src/main.ts': `// a comment\n${server('orders')}` });
    const commented = await make();
    expect(commented.output).toMatch(UP_TO_DATE);
    expect(commented.output).not.toMatch(BUILT);
    expect(workspace.read('dist/receipts/apps/orders/docker-build.json')).toBe(text);

    docker('image', 'rm', '--force', imageId);
    expect((await make()).output).toMatch(/building \(the image is not on the engine any more\)/);
    expect(idOf(image)).toBe(imageId);
  });

  it('has exactly the bytes of the artifact, whatever was built before or beside it', async () => {
    for (const text of ['aaaa', 'bbbb', 'cccc']) {
      workspace.write({ 'apps/orders/src/main.ts': server(text) });
      expect((await make()).output).toContain('building (changed: app/main.js)');
      expect(mainIn(receipt().image)).toBe(workspace.read('dist/apps/orders/app/main.js').trim());
    }
    workspace.write({
      'apps/orders/src/main.ts': server('dddd'),
      'apps/users/src/main.ts': server('eeee'),
    });
    await Promise.all([make('orders'), make('users')]);
    for (const service of ['orders', 'users']) {
      expect(mainIn(receipt(service).image)).toBe(
        workspace.read(`dist/apps/${service}/app/main.js`).trim(),
      );
    }
  });

  it.each(['1', '0'])('bakes several as one, with "no attestations" %s', async (none) => {
    vi.stubEnv('BUILDX_NO_DEFAULT_ATTESTATIONS', none);
    const services = ['orders', 'users'];
    for (const service of services) {
      workspace.write({ [`apps/${service}/src/main.ts`]: server(`baked ${service} ${none}`) });
      expect(await workspace.build(service)).toMatchObject({ success: true });
    }
    const { success, output, ended } = await workspace.dockerBuildTogether(services);
    expect(success, output).toBe(true);
    for (const service of services) {
      // A bake that fails is reported with a warning, and its images are built one by one.
      expect(ended[service]!.output).not.toContain('warning');
      expect(ended[service]!.output).toContain(`${service}  building with others (changed: `);
      expect(mainIn(receipt(service).image)).toBe(
        workspace.read(`dist/apps/${service}/app/main.js`).trim(),
      );
    }
  });

  it('works twice at once', async () => {
    workspace.write({ 'apps/orders/src/main.ts': server('twice') });
    await workspace.build('orders');
    const results = await Promise.all([
      workspace.dockerBuild('orders'),
      workspace.dockerBuild('orders'),
      workspace.build('orders'),
    ]);
    expect(results, JSON.stringify(results)).toMatchObject([
      { success: true },
      { success: true },
      { success: true },
    ]);
    expect(mainIn(receipt().image)).toContain('twice');
    expect((await make()).output).toMatch(UP_TO_DATE);
  });

  it('gives the same image in another folder, from nothing and after other builds', async () => {
    const twin = new EngineWorkspace({ platform: workspace.platform, name: 'micro-twin-' });
    try {
      for (const text of ['twin of before', 'twin']) {
        workspace.write({ 'apps/orders/src/main.ts': server(text) });
        await make();
      }
      const { image, imageId } = receipt();
      twin.addService('orders', 3001, { main: server('twin') });
      docker('image', 'rm', '--force', imageId);
      await twin.build('orders');
      const { success, output } = await twin.dockerBuild('orders', { noCache: true });
      expect(success, output).toBe(true);
      expect(twin.receipt('orders', 'docker-build')).toMatchObject({ image, imageId });
    } finally {
      twin.remove();
    }
  });

  it('runs as another user than root, is healthy and ends at once', async () => {
    await make();
    const name = `${workspace.platform}-runs`;
    docker('run', '--detach', '--init', '--name', name, receipt().image);
    try {
      const health = () => docker('inspect', '--format', '{{.State.Health.Status}}', name);
      await expect.poll(health, { timeout: 60_000, interval: 100 }).toBe('healthy');
      expect(docker('exec', name, 'id', '-un')).toBe('node');
      const begun = Date.now();
      docker('stop', name);
      expect(Date.now() - begun).toBeLessThan(STOPS_WITHIN_MS);
      expect(docker('inspect', '--format', '{{.State.ExitCode}}', name)).toBe('0');
    } finally {
      docker('rm', '--force', name);
    }
  });

  describe('the key', () => {
    const edit = (from: string | RegExp, to: string) =>
      workspace.write({
        'apps/orders/Dockerfile': workspace.read('apps/orders/Dockerfile').replace(from, to),
      });

    it('covers files that a person copies from the context in the last stage', async () => {
      workspace.write({ 'apps/orders/motd.txt': 'one\n', 'apps/orders/other.txt': 'x\n' });
      edit('USER node', 'COPY apps/orders/motd.txt /app/\nUSER node');
      expect((await make()).output).toContain(
        'building (changed: Dockerfile, context/apps/orders/motd.txt)',
      );
      workspace.write({ 'apps/orders/other.txt': 'y\n' });
      expect((await make()).output).toMatch(UP_TO_DATE);
      workspace.write({ 'apps/orders/motd.txt': 'two\n' });
      expect((await make()).output).toContain('building (changed: context/apps/orders/motd.txt)');
      expect(docker('run', '--rm', receipt().image, 'cat', '/app/motd.txt')).toBe('two');
    });

    it('covers the files of further named contexts', async () => {
      edit('COPY apps/orders/motd.txt /app/', 'COPY --from=extra /motd.txt /app/');
      workspace.write({ 'shared/motd.txt': 'three\n' });
      const options = { contexts: { extra: 'shared' } };
      expect((await make('orders', options)).success).toBe(true);
      expect((await make('orders', options)).output).toMatch(UP_TO_DATE);
      workspace.write({ 'shared/motd.txt': 'four!\n' });
      expect((await make('orders', options)).output).toContain(
        'building (changed: context extra/motd.txt)',
      );
      expect(docker('run', '--rm', receipt().image, 'cat', '/app/motd.txt')).toBe('four!');
      edit('COPY --from=extra /motd.txt /app/\n', '');
    });

    it('covers the base image', async () => {
      await make();
      const base = `${workspace.platform}/base:other`;
      docker('tag', 'node:24-bookworm-slim', base);
      const { output } = await make('orders', { buildArgs: { NODE_IMAGE: base } });
      expect(output).toMatch(
        /building \(changed: base image node:24-bookworm-slim, base image \S+/,
      );
    });
  });

  describe('gives one clear error and leaves the receipt', () => {
    const fails = async (options = {}) => {
      const before = workspace.read('dist/receipts/apps/orders/docker-build.json');
      const { success, output } = await workspace.dockerBuild('orders', options);
      expect(success).toBe(false);
      expect(workspace.read('dist/receipts/apps/orders/docker-build.json')).toBe(before);
      return output;
    };
    let dockerfile: string;
    beforeAll(() => (dockerfile = workspace.read('apps/orders/Dockerfile')));
    const broken = async (from: string, to: string) => {
      workspace.write({ 'apps/orders/Dockerfile': dockerfile.replace(from, to) });
      try {
        return await fails();
      } finally {
        workspace.write({ 'apps/orders/Dockerfile': dockerfile });
      }
    };

    it('for an invalid instruction', async () => {
      const output = await broken('STOPSIGNAL', 'STOPSIGNL');
      expect(output).toMatch(/apps\/orders\/Dockerfile:\d+ could not be built \(exit code 1\):/);
      expect(output).toMatch(/>>> STOPSIGNL SIGTERM/);
      expect(output).toContain('unknown instruction: STOPSIGNL');
    });

    it('for a step that fails, whatever it prints', async () => {
      const output = await broken('USER node', 'RUN echo 401 Unauthorized; exit 3\nUSER node');
      expect(output).toMatch(/could not be built \(exit code 1\):/);
      expect(output).not.toContain('docker login');
      expect(output).toContain('exit code: 3');
    });

    it('for a base image that cannot be had', async () => {
      const output = await broken('node:24-bookworm-slim', '127.0.0.1:9/node:24');
      expect(output).toMatch(
        /apps\/orders\/Dockerfile:\d+ could not be built: the registry did not answer properly .*127.0.0.1:9/,
      );
    });

    it('for a base image without a name', async () => {
      const output = await broken('ARG NODE_IMAGE=node:24-bookworm-slim', 'ARG NODE_IMAGE');
      expect(output).toMatch(
        /apps\/orders\/Dockerfile:\d+: the base image "\$\{NODE_IMAGE\}" has a variable/,
      );
    });

    it('for a secret that is not there', async () => {
      const output = await fails({ secrets: ['id=npmrc,src=.npmrc'], noCache: true });
      expect(output).toMatch(/the secret "npmrc" comes from .npmrc, which does not exist/);
      expect(output).not.toContain('building');
    });
  });

  it('pulls an image from the registry instead of building it', async () => {
    const { host } = await ensureRegistry();
    workspace.write({ 'environments/development.yml': `registry: ${host}\n` });
    await make();
    expect(await workspace.dockerPush('orders')).toMatchObject({ success: true });
    const { imageId, image } = receipt();
    const { image: pushed } = workspace.receipt('orders', 'docker-push.development');
    docker('image', 'rm', '--force', imageId);
    const { success, output } = await workspace.dockerBuild('orders', {
      environment: 'development',
    });
    expect(success, output).toBe(true);
    expect(output).toContain(`pulling ${pushed}, which has this content\norders  pulled`);
    expect(idOf(image)).toBe(imageId);
  });

  it('pushes with the build if told to, and needs a registry for that', async () => {
    workspace.write({ 'apps/orders/src/main.ts': server('straight') });
    const options = { environment: 'development', push: true };
    const { success, output } = await make('orders', options);
    expect(success, output).toBe(true);
    expect((await make('orders', options)).output).toMatch(UP_TO_DATE);
    expect((await workspace.dockerPush('orders')).output).toMatch(UP_TO_DATE);
  });
});
