import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { ensureCosign } from '../../../../../tools/testing/ensure-cosign';
import { freePort } from '../../../../../tools/testing/free-port';
import { ensureRegistry } from '../../../../../tools/registry/ensure-registry';
import {
  docker,
  EngineWorkspace,
  hasContainerdStore,
  server,
} from '../../testing/engine-workspace';

/** An image or an index of images, as the older image store pushes them and as the containerd one does. */
const MANIFESTS = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
];

const RECEIPT = 'dist/receipts/apps/orders/docker-push.development.json';

/** A part of an image, or of an index of images. */
interface Part {
  digest: string;
  annotations?: Record<string, string>;
}

interface Manifest {
  config?: Part;
  layers?: Part[];
  manifests?: Part[];
}

describeEngine('docker-push', () => {
  let workspace: EngineWorkspace;
  let host: string;

  beforeAll(async () => {
    ({ host } = await ensureRegistry());
    workspace = new EngineWorkspace();
    workspace.addService('orders', 3001);
    environment('development', host);
    await make('orders one');
  });
  afterEach(() => vi.unstubAllEnvs());
  afterAll(() => workspace?.remove());

  const environment = (name: string, registry: string) =>
    workspace.write({ [`environments/${name}.yml`]: `registry: ${registry}\n` });
  const make = async (text: string) => {
    workspace.write({ 'apps/orders/src/main.ts': server(text) });
    expect(await workspace.build('orders')).toMatchObject({ success: true });
    expect(await workspace.dockerBuild('orders')).toMatchObject({ success: true });
  };
  /** The digest under which the registry itself has a tag. */
  const digestOf = async (tag: string) => {
    const url = `http://${host}/v2/${workspace.platform}/orders/manifests/${tag}`;
    const accept = MANIFESTS.join(', ');
    const response = await fetch(url, { method: 'HEAD', headers: { accept } });
    return response.ok ? response.headers.get('docker-content-digest') : response.status;
  };
  const manifestOf = async (repository: string, digest: string) => {
    const url = `http://${host}/v2/${repository}/manifests/${digest}`;
    const answer = await fetch(url, { headers: { accept: MANIFESTS.join(', ') } });
    return (await answer.json()) as Manifest;
  };
  /** Where cosign keeps the signature (sig) or the attestations (att) of a digest is a tag that is named after it. */
  const tagBeside = (digest: string, what: 'sig' | 'att') => `${digest.replace(':', '-')}.${what}`;
  const copyBeside = async (what: 'sig' | 'att', from: string, to: string) => {
    const at = (digest: string) =>
      `http://${host}/v2/${workspace.platform}/orders/manifests/${tagBeside(digest, what)}`;
    const signature = await fetch(at(from), { headers: { accept: MANIFESTS.join(', ') } });
    const type = signature.headers.get('content-type')!;
    const body = await signature.arrayBuffer();
    const put = await fetch(at(to), { method: 'PUT', headers: { 'content-type': type }, body });
    expect(put.status).toBe(201);
  };
  const pushed = () => {
    const { image, digest } = workspace.receipt('orders', 'docker-push.development');
    return { tag: image.split(':').at(-1)!, digest };
  };

  it('brings the image into the registry once, with its digest in the receipt', async () => {
    const { success, output } = await workspace.dockerPush('orders');
    expect(success, output).toBe(true);
    expect(output).toMatch(/^orders {2}pushed/);
    const { tag, digest } = pushed();
    expect(await digestOf(tag)).toBe(digest);

    const text = workspace.read(RECEIPT);
    expect((await workspace.dockerPush('orders')).output).toMatch(/^orders {2}up to date/);
    expect(workspace.read(RECEIPT)).toBe(text);
  });

  it('does the same for an image with attestations', async () => {
    // In the containerd image store they make it an index of two manifests.
    vi.stubEnv('BUILDX_NO_DEFAULT_ATTESTATIONS', '0');
    await make('orders with attestations');
    expect((await workspace.dockerPush('orders')).output).toMatch(/^orders {2}pushed/);
    const { tag, digest } = pushed();
    expect(await digestOf(tag)).toBe(digest);
    expect((await workspace.dockerBuild('orders')).output).toMatch(/^orders {2}up to date/m);
    expect((await workspace.dockerPush('orders')).output).toMatch(/^orders {2}up to date/);
    expect(pushed()).toEqual({ tag, digest });
  });

  it('builds and pushes nothing again if attestations are demanded later', async () => {
    await make('orders without attestations');
    await workspace.dockerPush('orders');
    const before = pushed();
    const args = ['--provenance=mode=max'];
    const built = await workspace.dockerBuild('orders', { args });
    expect(built.output).toMatch(/^orders {2}up to date/m);
    expect((await workspace.dockerPush('orders')).output).toMatch(/^orders {2}up to date/);
    expect(pushed()).toEqual(before);
  });

  it.skipIf(!hasContainerdStore())(
    'has provenance beside an image that is the same without it',
    async () => {
      await make('orders in two registries');
      docker('image', 'rm', '--force', workspace.receipt('orders', 'docker-build').imageId);
      const ship = async (name: string, args: string[]) => {
        environment(name, `${host}/${name}`);
        const built = await workspace.dockerBuild('orders', { environment: name, args });
        expect(built.output).toContain('building (');
        const told = await workspace.dockerPush('orders', { environment: name });
        expect(told.success, told.output).toBe(true);
        const { image, digest } = workspace.receipt('orders', `docker-push.${name}`);
        const { imageId, key } = workspace.receipt('orders', 'docker-build');
        docker('image', 'rm', '--force', imageId);
        const repository = image.slice(host.length + 1, image.lastIndexOf(':'));
        return { key, repository, manifest: await manifestOf(repository, digest) };
      };
      const attested = await ship('attested', ['--provenance=mode=max']);
      const plain = await ship('plain', []);
      expect(attested.key).toBe(plain.key);

      const [image, attestation] = attested.manifest.manifests!;
      const same = await manifestOf(attested.repository, image!.digest);
      expect(same.config).toMatchObject({ digest: plain.manifest.config!.digest });
      expect(same.layers!.map(({ digest }) => digest)).toEqual(
        plain.manifest.layers!.map(({ digest }) => digest),
      );
      const { layers } = await manifestOf(attested.repository, attestation!.digest);
      expect(layers![0]!.annotations?.['in-toto.io/predicate-type']).toMatch(
        /^https:\/\/slsa\.dev\/provenance\/v/,
      );
      await make('orders with one registry');
    },
  );

  it('moves a branch and refuses to move a version', async () => {
    workspace.write({ 'apps/orders/package.json': '{ "version": "1.0.0" }' });
    const git = (...args: string[]) => workspace.git(...args);
    git('init', '--quiet', '--initial-branch', 'feature/one');
    git(
      '-c',
      'user.name=a',
      '-c',
      'user.email=a@b.c',
      'commit',
      '--quiet',
      '--allow-empty',
      '-m',
      'x',
    );
    const tags = ['{branch}', 'v{version}', '{shortCommit}'];
    expect(await workspace.dockerPush('orders', { tags })).toMatchObject({ success: true });
    const { digest: first } = pushed();
    expect(await digestOf('feature-one')).toBe(first);
    expect(await digestOf('v1.0.0')).toBe(first);

    await make('orders two');
    const before = workspace.read(RECEIPT);
    const refused = await workspace.dockerPush('orders', { tags: ['{branch}', 'v{version}'] });
    expect(refused.success).toBe(false);
    expect(refused.output).toMatch(
      /orders:v1\.0\.0 is not moved: it names content \w{12} \(sha256:/,
    );
    expect(await digestOf('v1.0.0')).toBe(first);
    expect(await digestOf('feature-one')).toBe(first);
    expect(workspace.read(RECEIPT)).toBe(before);

    expect(await workspace.dockerPush('orders', { tags: ['{branch}'] })).toMatchObject({
      success: true,
    });
    expect(await digestOf('feature-one')).toBe(pushed().digest);
    expect(pushed().digest).not.toBe(first);
  });

  it('says what is missing if the image was removed after it was built', async () => {
    await make('orders removed');
    const { imageId } = workspace.receipt('orders', 'docker-build');
    const before = workspace.read(RECEIPT);
    docker('image', 'rm', '--force', imageId);
    const { success, output } = await workspace.dockerPush('orders');
    expect(success).toBe(false);
    expect(output).toMatch(
      /orders:k-\w+ is not on the engine any more: run nx docker-build orders$/,
    );
    expect(workspace.read(RECEIPT)).toBe(before);
  });

  it('tries again and then gives up if no registry answers', async () => {
    await make('orders nowhere');
    environment('nowhere', `127.0.0.1:${await freePort()}`);
    const { success, output } = await workspace.dockerPush('orders', {
      environment: 'nowhere',
      retries: 1,
    });
    expect(success).toBe(false);
    expect(output).toMatch(
      /trying again in 1\.0 s\nerror .*the registry did not answer properly.*, 2 times/,
    );
    expect(() => workspace.receipt('orders', 'docker-push.nowhere')).toThrow('ENOENT');
  });

  it('does not try again if the registry refuses', async () => {
    let asked = 0;
    const registry = await listen((_, answer) => {
      asked++;
      answer.setHeader('www-authenticate', 'Basic realm="spec"');
      answer.writeHead(401, { 'content-type': 'application/json' });
      answer.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
    });
    try {
      const { port } = registry.address() as { port: number };
      environment('private', `127.0.0.1:${port}`);
      const { success, output } = await workspace.dockerPush('orders', { environment: 'private' });
      expect(success).toBe(false);
      expect(output).toMatch(/^error .*the registry refused .*Log in with "docker login"/);
      expect(output).not.toContain('trying again');
      expect(asked).toBeGreaterThan(0);
    } finally {
      registry.close();
    }
  });

  function listen(handle: Parameters<typeof createServer>[1]): Promise<Server> {
    return new Promise((resolve) => {
      const started = createServer({}, handle).listen(0, '127.0.0.1', () => resolve(started));
    });
  }

  it('signs, and an environment with a key runs only what the key signed', async () => {
    await ensureCosign();
    vi.stubEnv('COSIGN_PASSWORD', 'spec');
    execFileSync('cosign', ['generate-key-pair'], { cwd: workspace.root, stdio: 'pipe' });
    const verify = 'healthTimeout: 60\nverify: { key: cosign.pub }\n';
    workspace.write({ 'environments/signed.yml': `registry: ${host}\n${verify}` });
    const push = (signKey?: string) =>
      workspace.dockerPush('orders', { environment: 'signed', ...(signKey ? { signKey } : {}) });
    const deploy = () => workspace.deploy('orders', { environment: 'signed' });
    const running = () => workspace.containerIds('orders', `${workspace.platform}-signed`);
    const signKey = join(workspace.root, 'cosign.key');

    await make('orders unsigned');
    expect((await push()).success).toBe(true);
    const unsigned = await deploy();
    expect(unsigned.success).toBe(false);
    expect(unsigned.output).toMatch(/is not signed by cosign\.pub, .*\(no signatures found\)/);
    expect(running()).toEqual([]);
    const late = await push(signKey);
    expect(late.success).toBe(false);
    expect(late.output).toContain('was in the registry before, without a signature of');

    await make('orders signed');
    expect((await push(signKey)).output).toMatch(/^orders {2}signed/);
    expect((await push(signKey)).output).toMatch(/^orders {2}up to date/);
    const signed = await deploy();
    expect(signed.success, signed.output).toBe(true);
    const before = running();
    expect(before).toHaveLength(1);

    // Someone with access to the registry puts another image in its place, with its labels and its signature.
    const { image, digest } = workspace.receipt('orders', 'docker-push.signed');
    execFileSync('docker', ['build', '--quiet', '--tag', image, '-'], {
      input: `FROM ${image}\nLABEL tampered=yes\n`,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    docker('push', '--quiet', image);
    expect((await push()).output).toMatch(/^orders {2}up to date/);
    const tampered = workspace.receipt('orders', 'docker-push.signed').digest;
    expect(tampered).not.toBe(digest);
    await copyBeside('sig', digest, tampered);
    const refused = await deploy();
    expect(refused.success).toBe(false);
    expect(refused.output).toMatch(/is not signed by cosign\.pub, .*digest/);
    expect(running()).toEqual(before);
  });

  it('attaches the SBOM of the build, and an environment that demands it runs nothing without', async () => {
    await ensureCosign();
    vi.stubEnv('COSIGN_PASSWORD', 'spec');
    if (!existsSync(join(workspace.root, 'cosign.key'))) {
      execFileSync('cosign', ['generate-key-pair'], { cwd: workspace.root, stdio: 'pipe' });
    }
    const declare = (verify: string) =>
      workspace.write({
        'environments/listed.yml': `registry: ${host}\nhealthTimeout: 60\nverify: { key: cosign.pub${verify} }\n`,
      });
    const signKey = join(workspace.root, 'cosign.key');
    const push = () => workspace.dockerPush('orders', { environment: 'listed', signKey });
    const deploy = () => workspace.deploy('orders', { environment: 'listed' });
    const running = () => workspace.containerIds('orders', `${workspace.platform}-listed`);
    const digest = () => workspace.receipt('orders', 'docker-push.listed').digest;
    const attested = () => {
      const reference = `${host}/${workspace.platform}/orders@${digest()}`;
      const by = ['--key', 'cosign.pub', '--insecure-ignore-tlog=true'];
      const args = ['verify-attestation', '--type', 'cyclonedx', ...by, reference];
      const options = { cwd: workspace.root, encoding: 'utf8', stdio: 'pipe' } as const;
      return execFileSync('cosign', args, options)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { payload: string })
        .map(({ payload }) => JSON.parse(Buffer.from(payload, 'base64').toString()) as object);
    };
    const file = 'dist/sboms/apps/orders/sbom.cdx.json';

    declare(', sbom: true');
    await make('orders with a list');
    const first = await push();
    expect(first.success, first.output).toBe(true);
    expect(first.output).toMatch(/^orders {2}signed .*\norders {2}SBOM attached/m);
    expect(attested()).toEqual([
      expect.objectContaining({ predicate: JSON.parse(workspace.read(file)) as unknown }),
    ]);
    const listed = digest();
    const attestations = await digestOf(tagBeside(listed, 'att'));
    expect((await push()).output).toMatch(/^orders {2}up to date/);
    expect(digest()).toBe(listed);
    expect(await digestOf(tagBeside(listed, 'att'))).toBe(attestations);
    const deployed = await deploy();
    expect(deployed.success, deployed.output).toBe(true);
    const before = running();
    expect(before).toHaveLength(1);

    // Signed by the key, with the list of another image.
    await make('orders without a list');
    const list = workspace.read(file);
    rmSync(join(workspace.root, file));
    const demanded = await push();
    expect(demanded.success).toBe(false);
    expect(demanded.output).toContain(`${file} is not there`);
    declare('');
    expect((await push()).output).toMatch(/^orders {2}no SBOM .*\norders {2}signed/m);
    declare(', sbom: true');
    const bare = await deploy();
    expect(bare.success).toBe(false);
    expect(bare.output).toMatch(/has no SBOM by cosign\.pub, .*\(no matching attestations\)/);
    await copyBeside('att', listed, digest());
    const copied = await deploy();
    expect(copied.success).toBe(false);
    expect(copied.output).toMatch(/has no SBOM by cosign\.pub, .*no matching subject digest/);
    expect(running()).toEqual(before);

    workspace.write({ [file]: list });
    const late = await push();
    expect(late.output).toMatch(/^orders {2}SBOM attached .*\norders {2}up to date/m);
    const repaired = await deploy();
    expect(repaired.success, repaired.output).toBe(true);
    expect(running()).not.toEqual(before);
  });
});
