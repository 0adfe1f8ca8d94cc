import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { ensureRegistry } from '../../../../../tools/registry/ensure-registry';
import type { BuildReceipt } from '../../image/receipt';
import { docker, EngineWorkspace, hasContainerdStore } from '../../testing/engine-workspace';

const COMMITTED = '2026-01-02T03:04:05Z';

/** Needs no base image: it can be built for a processor that this machine does not have. */
const DOCKERFILE = `FROM scratch AS tools-amd64
COPY apps/orders/amd64.txt /tools.txt
FROM scratch AS tools-arm64
COPY apps/orders/arm64.txt /tools.txt
FROM tools-\${TARGETARCH} AS tools
FROM scratch AS artifact
FROM scratch
ARG TARGETARCH
COPY --from=tools /tools.txt /
COPY --from=artifact / /
COPY apps/orders/\${TARGETARCH}.txt /copied.txt
CMD ["/none"]
`;

function isWithin(bytes: number, [least, most]: readonly [number, number]): boolean {
  return bytes >= least && bytes <= most;
}

describeEngine('platforms of an image', () => {
  let workspace: EngineWorkspace;
  const here = docker('version', '--format', '{{.Server.Arch}}');
  const other = here === 'amd64' ? 'arm64' : 'amd64';

  beforeAll(async () => {
    workspace = new EngineWorkspace();
    workspace.addService('orders', 3001);
    workspace.write({
      'apps/orders/Dockerfile': `${DOCKERFILE}LABEL spec=${workspace.platform}\n`,
      'apps/orders/amd64.txt': 'amd64\n',
      'apps/orders/arm64.txt': 'arm64\n',
    });
    expect(await workspace.build('orders')).toMatchObject({ success: true });
  });
  afterEach(() => vi.unstubAllEnvs());
  afterAll(() => workspace?.remove());

  const receipt = () => workspace.receipt<BuildReceipt>('orders', 'docker-build');
  const inspect = (image: string, format: string) =>
    docker('image', 'inspect', '--format', format, image);
  const file = (image: string, path: string) => {
    const container = docker('create', image);
    try {
      const archive = execFileSync('docker', ['cp', `${container}:${path}`, '-']);
      return execFileSync('tar', ['-xO'], { input: archive, encoding: 'utf8' }).trim();
    } finally {
      docker('rm', container);
    }
  };

  it('an image for another platform is never used for this one', async () => {
    vi.stubEnv('DOCKER_DEFAULT_PLATFORM', `linux/${other}`);
    const foreign = await workspace.dockerBuild('orders');
    expect(foreign.success, foreign.output).toBe(true);
    const first = receipt();
    expect(inspect(first.image, '{{.Architecture}}')).toBe(other);
    expect([file(first.image, '/tools.txt'), file(first.image, '/copied.txt')]).toEqual([
      other,
      other,
    ]);

    vi.stubEnv('DOCKER_DEFAULT_PLATFORM', '');
    const own = await workspace.dockerBuild('orders');
    expect(own.output).toContain('building (changed: ');
    expect(own.output).toContain('platforms');
    const second = receipt();
    expect(second.image).not.toBe(first.image);
    expect(inspect(second.image, '{{.Architecture}}')).toBe(here);
    expect([file(second.image, '/tools.txt'), file(second.image, '/copied.txt')]).toEqual([
      here,
      here,
    ]);

    const asked = await workspace.dockerBuild('orders', { platforms: [`linux/${other}`] });
    expect(asked.output).toMatch(/^orders {2}up to date/m);
    expect(receipt().image).toBe(first.image);
  });

  it('reads only the files of its platform', async () => {
    expect((await workspace.dockerBuild('orders')).success).toBe(true);
    workspace.write({ [`apps/orders/${other}.txt`]: 'changed\n' });
    expect((await workspace.dockerBuild('orders')).output).toMatch(/^orders {2}up to date/m);
    workspace.write({ [`apps/orders/${here}.txt`]: 'changed\n' });
    expect((await workspace.dockerBuild('orders')).output).toContain(
      `building (changed: context/apps/orders/${here}.txt)`,
    );
  });

  it('is named by push and deploy before anything changes', async () => {
    const { host } = await ensureRegistry();
    workspace.write({ 'environments/development.yml': `registry: ${host}\n` });
    const built = await workspace.dockerBuild('orders', { platforms: [`linux/${other}`] });
    expect(built.success, built.output).toBe(true);
    expect(await workspace.dockerPush('orders')).toMatchObject({ success: true });
    const deployed = await workspace.deploy('orders');
    expect(deployed.success).toBe(false);
    expect(deployed.output).toContain(
      `the image of orders is for linux/${other}, and the engine of development is linux/${here}: add "platform: linux/${here}" to environments/development.yml`,
    );
    expect(workspace.everything()).toEqual([]);

    const declared = `registry: ${host}\nplatform: linux/${here}\n`;
    workspace.write({ 'environments/development.yml': declared });
    const pushed = await workspace.dockerPush('orders');
    expect(pushed.success).toBe(false);
    expect(pushed.output).toContain(
      `is for linux/${other} and cannot run in development: environments/development.yml says linux/${here}. Run nx docker-build orders with`,
    );
    const again = await workspace.dockerBuild('orders', { environment: 'development' });
    expect(again.success, again.output).toBe(true);
    expect(receipt().platforms).toEqual([`linux/${here}`]);
    expect(await workspace.dockerPush('orders')).toMatchObject({ success: true });
  });

  describe('with nothing to install', () => {
    /** A base that no command can run on, so that none is. */
    const BASE = 'FROM scratch\nCOPY package.json /base.json\n';
    const generated = () => {
      const text = new EngineWorkspace();
      text.addService('orders', 3001);
      const dockerfile = text.read('apps/orders/Dockerfile');
      text.remove();
      return `${dockerfile}LABEL spec=${workspace.platform}\n`;
    };
    const makeBase = (tag: string, ...args: string[]) => {
      workspace.write({ 'base.Dockerfile': BASE, 'apps/orders/Dockerfile': generated() });
      const file = ['--file', `${workspace.root}/base.Dockerfile`];
      docker('buildx', 'build', '--quiet', ...args, '--tag', tag, ...file, workspace.root);
      return { NODE_IMAGE: tag };
    };

    it('an image for another platform runs nothing', async () => {
      const platform = `linux/${other}`;
      const buildArgs = makeBase(`${workspace.platform}/base:other`, '--platform', platform);
      const built = await workspace.dockerBuild('orders', { platforms: [platform], buildArgs });
      expect(built.success, built.output).toBe(true);
      const { image } = receipt();
      expect(inspect(image, '{{.Architecture}}')).toBe(other);
      expect(file(image, '/app/main.js')).toBe(
        workspace.read('dist/apps/orders/app/main.js').trim(),
      );
    });

    it.skipIf(!hasContainerdStore())('an image for two has one bundle', async () => {
      const { host } = await ensureRegistry();
      workspace.write({ 'environments/development.yml': `registry: ${host}\n` });
      const platforms = [`linux/${here}`, `linux/${other}`];
      const base = `${host}/${workspace.platform}/base:two`;
      const buildArgs = makeBase(base, '--platform', platforms.join(','), '--push');
      const options = { environment: 'development', platforms, buildArgs, push: true };
      const built = await workspace.dockerBuild('orders', options);
      expect(built.success, built.output).toBe(true);
      const { image, size } = receipt();
      // It stays in the registry: no engine has its layers.
      expect(size).toEqual({ total: 0 });
      for (const platform of platforms) {
        docker('pull', '--quiet', '--platform', platform, image);
        const copy = docker('create', '--platform', platform, image);
        const archive = execFileSync('docker', ['cp', `${copy}:/app/main.js`, '-']);
        docker('rm', copy);
        expect(execFileSync('tar', ['-xO'], { input: archive, encoding: 'utf8' })).toBe(
          workspace.read('dist/apps/orders/app/main.js'),
        );
      }
      expect((await workspace.dockerBuild('orders', options)).output).toMatch(
        /^orders {2}up to date/m,
      );
    });
  });

  describe('the size in the receipt', () => {
    /** Bytes that a compressed layer has next to nothing of, in the base and in the bundle. */
    const [BASE, BUNDLE] = [500_000, 1_000_000];
    /** Both stores count a little for folders and whole blocks. */
    const aboutOf = (bytes: number) => [bytes, bytes + 100_000] as const;
    const only = [`linux/${here}`];
    const combinations = hasContainerdStore()
      ? [only, [`linux/${other}`]].flatMap((platforms) =>
          ['1', '0'].map((none) => [platforms, none] as const),
        )
      : ['1', '0'].map((none) => [only, none] as const);

    it.each(combinations)(
      'is of unpacked content, for %j and "no attestations" %s',
      async (platforms, none) => {
        vi.stubEnv('BUILDX_NO_DEFAULT_ATTESTATIONS', none);
        const base = `${workspace.platform}/base:size`;
        workspace.write({
          'base.txt': 'x'.repeat(BASE),
          'base.Dockerfile': 'FROM scratch\nCOPY base.txt /\nCMD ["/none"]\n',
          'apps/orders/src/main.ts': `console.log('${platforms.join()} ${none}', '${'x'.repeat(BUNDLE)}');\n`,
          'apps/orders/Dockerfile': `FROM scratch AS artifact\nFROM ${base}\nCOPY --from=artifact / /\nLABEL spec=${workspace.platform}\n`,
        });
        const file = ['--file', `${workspace.root}/base.Dockerfile`, workspace.root];
        docker(
          'buildx',
          'build',
          '--quiet',
          '--platform',
          platforms.join(),
          '--tag',
          base,
          ...file,
        );
        expect(await workspace.build('orders')).toMatchObject({ success: true });
        const built = await workspace.dockerBuild('orders', { platforms: [...platforms] });
        expect(built.success, built.output).toBe(true);
        const { size } = receipt();
        expect(size.base).toSatisfy((bytes: number) => isWithin(bytes, aboutOf(BASE)));
        expect(size.total).toSatisfy((bytes: number) => isWithin(bytes, aboutOf(BASE + BUNDLE)));
        expect(built.output).toMatch(/ 1\.0\d MB over its base/);
      },
    );
  });

  describe('beside its files', () => {
    it('a base that is rebuilt from the same files gives the same key', async () => {
      const base = `${workspace.platform}/base:1`;
      const make = (time: string) => {
        docker(
          ...['build', '--quiet', '--tag', base, '--build-arg', `SOURCE_DATE_EPOCH=${time}`],
          ...['--file', `${workspace.root}/base.Dockerfile`, workspace.root],
        );
        return inspect(base, '{{.Id}}');
      };
      workspace.write({
        'base.Dockerfile': 'FROM scratch\nCOPY package.json /\nENV A=b\n',
        'apps/orders/Dockerfile': `FROM scratch AS artifact\nFROM ${base}\nCOPY --from=artifact / /\n`,
      });
      const first = make('1000000000');
      expect((await workspace.dockerBuild('orders')).output).toContain('building (');
      expect(make('1100000000')).not.toBe(first);
      expect((await workspace.dockerBuild('orders')).output).toMatch(/^orders {2}up to date/m);

      docker('push', '--quiet', await pushable(base));
      workspace.write({ 'base.Dockerfile': 'FROM scratch\nCOPY package.json /\nENV A=c\n' });
      make('1100000000');
      expect((await workspace.dockerBuild('orders')).output).toContain(
        `building (changed: base image ${base})`,
      );
    });

    it('a base in a registry counts as the one that was pulled from it', async () => {
      const base = await pushable(`${workspace.platform}/base:1`);
      docker('push', '--quiet', base);
      workspace.write({
        'apps/orders/Dockerfile': `FROM scratch AS artifact\nFROM ${base}\nCOPY --from=artifact / /\n`,
      });
      const here = await workspace.dockerBuild('orders');
      expect(here.success, here.output).toBe(true);
      docker('image', 'rm', base);
      expect((await workspace.dockerBuild('orders')).output).toMatch(/^orders {2}up to date/m);
    });

    it('it is dated by the commit', async () => {
      vi.stubEnv('GIT_COMMITTER_DATE', COMMITTED);
      const person = ['-c', 'user.name=a', '-c', 'user.email=a@example.com'];
      workspace.git('init', '--quiet');
      workspace.git('add', 'package.json');
      workspace.git(...person, 'commit', '--quiet', '--message', 'one');
      expect((await workspace.dockerBuild('orders', { noCache: true })).success).toBe(true);
      expect(inspect(receipt().image, '{{.Created}}')).toBe(COMMITTED);
    });
  });

  async function pushable(image: string): Promise<string> {
    const { host } = await ensureRegistry();
    docker('tag', image, `${host}/${image}`);
    return `${host}/${image}`;
  }
});
