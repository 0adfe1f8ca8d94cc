import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BUILD_RECEIPT } from '../../testing/build-receipt';
import { failure, type Answer } from '../../testing/recording-runner';
import { recordedTask } from '../../testing/service-task';
import { pushImage } from './push-image';
import { LABELS } from '../../platform/image-labels';

const KEY = 'a'.repeat(64);
const DIGEST = `sha256:${'d'.repeat(64)}`;
const RECEIPT = 'dist/receipts/apps/orders/docker-push.production.json';
const IMAGE = `acme/orders:k-${'a'.repeat(32)}`;
const REMOTE = `registry.example.com/team/${IMAGE}`;

const files = {
  'environments/production.yml': 'registry: registry.example.com/team\n',
  'environments/here.yml': 'engine: compose\n',
  'dist/receipts/apps/orders/docker-build.json': JSON.stringify(BUILD_RECEIPT),
  'apps/orders/package.json': '{ "version": "1.2.3" }',
};

const local = JSON.stringify({
  Id: 'sha256:1',
  Size: 1,
  Config: { Labels: { [LABELS.key]: KEY } },
});

const remote = (key: string) =>
  JSON.stringify({
    manifest: { digest: DIGEST },
    image: { config: { Labels: { [LABELS.key]: key } } },
  });

/** An engine that has the image and a registry that has what `registry` says, by tag. */
const engine =
  (registry: Record<string, string> = {}, push: Answer = () => undefined): Answer =>
  (line, command) => {
    if (line.startsWith('docker image inspect')) return { stdout: local };
    if (line.startsWith('docker buildx imagetools inspect')) {
      const key = registry[line.split(':').at(-1)!];
      return key === undefined ? failure(`ERROR: ${REMOTE}: not found`) : { stdout: remote(key) };
    }
    const answer = push(line, command);
    if (answer) return answer;
    if (line.startsWith('docker push')) return { stdout: `k: digest: ${DIGEST} size: 1\n` };
    return undefined;
  };

const acts = (lines: readonly string[]) =>
  lines.filter((line) => /^docker (?:tag|push)/.test(line));
const INSPECT = 'docker buildx imagetools inspect';

describe('pushImage', () => {
  it('asks the registry, then tags and pushes, then leaves the receipt', async () => {
    const task = recordedTask(files, engine());
    await pushImage(task, { environment: 'production' });
    expect(task.runner.lines).toEqual([
      `docker image inspect --format '{{json .}}' ${IMAGE}`,
      `${INSPECT} --format '{"manifest":{{json .Manifest}},"image":{{json .Image}}}' ${REMOTE}`,
      `docker tag ${IMAGE} ${REMOTE}`,
      `docker push ${REMOTE}`,
    ]);
    expect(JSON.parse(task.read(RECEIPT)!)).toEqual({
      kind: 'pushed',
      service: 'orders',
      key: KEY,
      environment: 'production',
      image: REMOTE,
      digest: DIGEST,
      tags: [`k-${'a'.repeat(32)}`],
      since: '2026-11-21T12:00:00.000Z',
    });
  });

  it('pushes nothing if the registry has the content under its key', async () => {
    const task = recordedTask(files, engine({ [`k-${'a'.repeat(32)}`]: KEY }));
    await pushImage(task, { environment: 'production' });
    expect(acts(task.runner.lines)).toEqual([]);
    expect(JSON.parse(task.read(RECEIPT)!)).toMatchObject({ digest: DIGEST });
  });

  it.each([
    ['nothing', {}, 'orders  would push', undefined],
    [
      'the content, but not a further tag',
      { [`k-${'a'.repeat(32)}`]: KEY },
      'orders  would push',
      [`k-${'a'.repeat(32)}`],
    ],
    [
      'all of it',
      { [`k-${'a'.repeat(32)}`]: KEY, 'v1.2.3': KEY },
      'orders  up to date',
      [`k-${'a'.repeat(32)}`, 'v1.2.3'],
    ],
  ])('for a plan pushes and signs nothing, if the registry has %s', async (_, has, said, tags) => {
    const task = recordedTask(files, engine(has));
    const options = { environment: 'production', tags: ['v{version}'], signKey: 'cosign.key' };
    await pushImage(task, options, { isPlanned: true });
    expect(
      task.runner.lines.filter((line) => /^cosign|^docker (?!.*\binspect\b)/.test(line)),
    ).toEqual([]);
    expect(stripVTControlCharacters(task.said[0]!).startsWith(said), task.said[0]).toBe(true);
    const receipt = task.read(RECEIPT);
    expect(receipt && (JSON.parse(receipt) as { tags: string[] }).tags).toEqual(tags);
  });

  it('pushes nothing without a registry', async () => {
    const unfilled = { 'environments/production.yml': 'images: pushed\n' };
    const task = recordedTask({ ...files, ...unfilled }, engine());
    await expect(pushImage(task, { environment: 'production' })).rejects.toThrow(
      'environments/production.yml is incomplete',
    );
    expect(task.runner.lines).toEqual([]);
    expect(task.read(RECEIPT)).toBeUndefined();
  });

  it.each([
    ['has no registry', 'engine: compose\n'],
    ['runs local images', 'registry: localhost:5000\nimages: local\n'],
  ])('pushes nothing if the environment %s', async (_, environment) => {
    const task = recordedTask({ ...files, 'environments/here.yml': environment }, engine());
    await pushImage(task, { environment: 'here' });
    expect(acts(task.runner.lines)).toEqual([]);
    expect(JSON.parse(task.read('dist/receipts/apps/orders/docker-push.here.json')!)).toMatchObject(
      { kind: 'local', image: IMAGE, imageId: 'sha256:1' },
    );
  });

  describe('of an image for another platform', () => {
    const RECEIPT_OF_BUILD = 'dist/receipts/apps/orders/docker-build.json';
    const foreign = {
      ...files,
      [RECEIPT_OF_BUILD]: files[RECEIPT_OF_BUILD].replace(
        '"imageId"',
        '"platforms":["linux/arm64"],"imageId"',
      ),
    };
    const answering = (platform: string) =>
      engine({}, (line) => (/^docker .*version/.test(line) ? { stdout: platform } : undefined));
    const live = 'registry: registry.example.com/team\n';

    it.each([
      ['it declares', `${live}platform: linux/amd64\n`, 'environments/live.yml says linux/amd64'],
      ['its engine has', `${live}host: ssh://deploy@example.com\n`, 'its engine is linux/amd64'],
    ])('refuses one that %s another', async (_, environment, says) => {
      const task = recordedTask(
        { ...foreign, 'environments/live.yml': environment },
        answering('linux/amd64\n'),
      );
      await expect(pushImage(task, { environment: 'live' })).rejects.toThrow(
        `is for linux/arm64 and cannot run in live: ${says}. Run nx docker-build orders with "platforms": ["linux/amd64"], or with -c live`,
      );
      expect(acts(task.runner.lines)).toEqual([]);
    });

    it('goes on if the engine does not say', async () => {
      const environment = `${live}host: ssh://deploy@example.com\n`;
      const task = recordedTask(
        { ...foreign, 'environments/live.yml': environment },
        engine({}, (line) =>
          line.includes('version') ? failure('Cannot connect to the Docker daemon') : undefined,
        ),
      );
      await pushImage(task, { environment: 'live' });
      expect(acts(task.runner.lines)).toHaveLength(2);
    });

    it('says so if only this machine is another', async () => {
      const task = recordedTask(foreign, answering('linux/amd64\n'));
      await pushImage(task, { environment: 'production' });
      expect(task.said[0]).toMatch(
        /^orders {2}warning: .* is for linux\/arm64, and the engine of this machine is linux\/amd64$/,
      );
    });
  });

  it('refuses to move an immutable tag before anything is pushed', async () => {
    const task = recordedTask(files, engine({ 'v1.2.3': 'b'.repeat(64) }));
    await expect(
      pushImage(task, { environment: 'production', tags: ['v{version}'] }),
    ).rejects.toThrow(
      `registry.example.com/team/acme/orders:v1.2.3 is not moved: it names content bbbbbbbbbbbb (${DIGEST}). Raise the version, or delete the tag in the registry`,
    );
    expect(acts(task.runner.lines)).toEqual([]);
    expect(task.read(RECEIPT)).toBeUndefined();
  });

  it('tries again after network errors, with growing pauses', async () => {
    let pushes = 0;
    const task = recordedTask(
      files,
      engine({}, (line) =>
        line.startsWith('docker push') && pushes++ < 2
          ? failure('received unexpected HTTP status: 503 Service Unavailable')
          : undefined,
      ),
    );
    await pushImage(task, { environment: 'production' });
    expect(pushes).toBe(3);
    expect(task.clock.slept).toEqual([1000, 2000]);
    expect(task.read(RECEIPT)).toBeDefined();
  });

  it.each([
    [
      'denied: requested access to the resource is denied',
      0,
      /the registry refused .*docker login/,
    ],
    ['unauthorized: authentication required', 0, /the registry refused/],
    [
      'dial tcp 10.0.0.1:443: connect: connection refused',
      3,
      /did not answer properly .*, 4 times/,
    ],
    ['received unexpected HTTP status: 507 Insufficient Storage', 3, /507.*, 4 times/],
    ['invalid reference format', 0, /Could not push \S+ \(exit code 1\):\n {2}invalid/],
  ])(
    'gives up on "%s" after %d more tries and leaves no receipt',
    async (stderr, more, message) => {
      const task = recordedTask(
        files,
        engine({}, (line) => (line.startsWith('docker push') ? failure(stderr) : undefined)),
      );
      await expect(pushImage(task, { environment: 'production' })).rejects.toThrow(message);
      expect(task.clock.slept).toHaveLength(more);
      expect(task.read(RECEIPT)).toBeUndefined();
    },
  );

  it('copies an image that no engine holds within the registry', async () => {
    const receipt = { ...BUILD_RECEIPT, image: REMOTE, imageId: '' };
    const task = recordedTask(
      { ...files, 'dist/receipts/apps/orders/docker-build.json': JSON.stringify(receipt) },
      (line) =>
        line.includes('imagetools inspect') && line.endsWith('v1.2.3')
          ? task.runner.lines.some((other) => other.includes('create'))
            ? { stdout: remote(KEY) }
            : failure('ERROR: x: not found')
          : line.includes('imagetools inspect')
            ? { stdout: remote(KEY) }
            : undefined,
    );
    await pushImage(task, { environment: 'production', tags: ['v{version}'] });
    expect(task.runner.lines.filter((line) => !line.includes('inspect'))).toContain(
      `docker buildx imagetools create --tag registry.example.com/team/acme/orders:v1.2.3 ${REMOTE}`,
    );
  });

  describe('with a key', () => {
    const SIGNED = `registry.example.com/team/acme/orders@${DIGEST}`;
    const SIGN = `cosign sign --yes --key cosign.key --tlog-upload=false ${SIGNED}`;
    const cosign =
      (exitCode: number, more: Answer = () => undefined): Answer =>
      (line, command) =>
        more(line, command) ??
        (line.startsWith('cosign public-key')
          ? { stdout: 'a public key' }
          : line.startsWith('cosign verify ')
            ? { exitCode, stderr: 'Error: no signatures found' }
            : undefined);
    const sbomAnswer =
      (words: string): Answer =>
      (line) =>
        line.startsWith('cosign verify-attestation') ? failure(words) : undefined;
    const options = { environment: 'production', signKey: 'cosign.key' };
    const signs = (lines: readonly string[]) =>
      lines.filter((line) => line.startsWith('cosign sign --yes'));

    it('signs what it pushed, by digest', async () => {
      const task = recordedTask(files, engine({}, cosign(10)));
      await pushImage(task, options);
      expect(signs(task.runner.lines)).toEqual([SIGN]);
      expect(task.said.join('\n')).toMatch(/orders.*signed.*@sha256:ddd/);
      expect(task.read(RECEIPT)).toBeDefined();
    });

    it('signs nothing twice', async () => {
      const task = recordedTask(files, engine({ [IMAGE.split(':')[1]!]: KEY }, cosign(0)));
      await pushImage(task, options);
      expect(signs(task.runner.lines)).toEqual([]);
    });

    it('does not sign what was in the registry before, and leaves no receipt', async () => {
      const task = recordedTask(files, engine({ [IMAGE.split(':')[1]!]: KEY }, cosign(10)));
      await expect(pushImage(task, options)).rejects.toThrow(
        `${SIGNED} was in the registry before, without a signature of cosign.key, and is not signed now: it may be of someone else. If you know that it is yours, sign it once with "${SIGN}"; otherwise delete it there and push again`,
      );
      expect(signs(task.runner.lines)).toEqual([]);
      expect(task.read(RECEIPT)).toBeUndefined();
    });

    describe('and an SBOM', () => {
      const SBOM = 'dist/sboms/apps/orders/sbom.cdx.json';
      const ATTEST = `cosign attest --yes --key cosign.key --tlog-upload=false --type cyclonedx --predicate ${SBOM} ${SIGNED}`;
      const built = { ...files, [SBOM]: '{}' };
      const demanding = {
        ...files,
        'environments/production.yml': `${files['environments/production.yml']}verify: { key: cosign.pub, sbom: true }\n`,
      };
      const there = { [IMAGE.split(':')[1]!]: KEY };
      const none = sbomAnswer('Error: no matching attestations: \n');
      const attests = (lines: readonly string[]) =>
        lines.filter((line) => line.startsWith('cosign attest'));

      it('attaches it to what it signed', async () => {
        const task = recordedTask(built, engine({}, cosign(10, none)));
        await pushImage(task, options);
        const { lines } = task.runner;
        expect(attests(lines)).toEqual([ATTEST]);
        expect(lines.indexOf(SIGN)).toBeLessThan(lines.indexOf(ATTEST));
        expect(task.said.join('\n')).toMatch(/orders {2}SBOM attached .*@sha256:ddd/);
      });

      it('attaches it to what was signed before, and pushes nothing', async () => {
        const task = recordedTask(built, engine(there, cosign(0, none)));
        await pushImage(task, options);
        expect(attests(task.runner.lines)).toEqual([ATTEST]);
        expect(acts(task.runner.lines)).toEqual([]);
      });

      it('attaches it once, and never to an image that is not signed', async () => {
        const twice = recordedTask(built, engine(there, cosign(0)));
        await pushImage(twice, options);
        expect(attests(twice.runner.lines)).toEqual([]);
        const foreign = recordedTask(built, engine(there, cosign(10, none)));
        await expect(pushImage(foreign, options)).rejects.toThrow('was in the registry before');
        expect(attests(foreign.runner.lines)).toEqual([]);
      });

      it('says that the build wrote none, and stops before the push if one is demanded', async () => {
        const free = recordedTask(files, engine({}, cosign(10, none)));
        await pushImage(free, options);
        expect(free.said[0]).toBe(`orders  no SBOM  ${SBOM} is not there, so none is attached`);
        expect(attests(free.runner.lines)).toEqual([]);
        const strict = recordedTask(demanding, engine({}, cosign(10, none)));
        await expect(pushImage(strict, options)).rejects.toThrow(
          `${SBOM} is not there: the target`,
        );
        expect(acts(strict.runner.lines)).toEqual([]);
      });

      it('ends if the registry does not answer, and leaves no receipt', async () => {
        const task = recordedTask(built, engine({}, cosign(0, sbomAnswer('Error: EOF'))));
        await expect(pushImage(task, options)).rejects.toThrow(
          `it cannot be told whether ${SIGNED} has an SBOM already: EOF`,
        );
        expect(attests(task.runner.lines)).toEqual([]);
        expect(task.read(RECEIPT)).toBeUndefined();
      });
    });

    it.each<[string, Answer, RegExp]>([
      [
        'the password is wrong',
        (line) =>
          line.startsWith('cosign public-key') ? failure('Error: decryption failed') : undefined,
        /^"cosign public-key --key cosign\.key" failed: decryption failed\. The password of the key is read from COSIGN_PASSWORD/,
      ],
      [
        'the registry does not answer',
        (line) => (line.startsWith('cosign verify') ? failure('Error: EOF') : undefined),
        /^it cannot be told whether .* is signed already: EOF/,
      ],
    ])('ends if %s', async (_, answer, message) => {
      const task = recordedTask(files, engine({}, cosign(10, answer)));
      await expect(pushImage(task, options)).rejects.toThrow(message);
      expect(signs(task.runner.lines)).toEqual([]);
    });
  });

  describe('without a key', () => {
    const SIGNED = `registry.example.com/team/acme/orders@${DIGEST}`;
    const SBOM = 'dist/sboms/apps/orders/sbom.cdx.json';
    const ISSUER = 'https://token.actions.githubusercontent.com';
    const BY = `--certificate-identity ci --certificate-oidc-issuer ${ISSUER}`;
    const VERIFY = `cosign verify ${BY} --output json ${SIGNED}`;
    const environment = `${files['environments/production.yml']}verify: { identity: ci, issuer: ${ISSUER} }\n`;
    const demanding = { ...files, 'environments/production.yml': environment, [SBOM]: '{}' };
    const options = { environment: 'production', signKeyless: true };
    const of = (lines: readonly string[]) => lines.filter((line) => line.startsWith('cosign'));
    /** A cosign that finds no signature before it has signed, and then one of this exit code. */
    const cosign = (after: number): Answer => {
      let isSigned = false;
      return (line) => {
        if (line.startsWith('cosign sign ')) isSigned = true;
        if (line.startsWith('cosign verify-attestation')) {
          return failure('Error: no matching attestations: \n');
        }
        if (!line.startsWith('cosign verify ')) return undefined;
        return { exitCode: isSigned ? after : 10, stderr: 'Error: none of the identities matched' };
      };
    };

    it('signs for who has to have signed, and checks that it was them', async () => {
      const task = recordedTask(demanding, engine({}, cosign(0)));
      await pushImage(task, options);
      expect(of(task.runner.lines)).toEqual([
        VERIFY,
        `cosign sign --yes ${SIGNED}`,
        VERIFY,
        `cosign verify-attestation --type cyclonedx ${BY} ${SIGNED}`,
        `cosign attest --yes --type cyclonedx --predicate ${SBOM} ${SIGNED}`,
      ]);
      expect(task.read(RECEIPT)).toBeDefined();
    });

    it('ends if someone else signed, and leaves no receipt', async () => {
      const task = recordedTask(demanding, engine({}, cosign(12)));
      await expect(pushImage(task, options)).rejects.toThrow(
        `${SIGNED} was signed, but not by ci of ${ISSUER}, which "verify" of environments/production.yml demands`,
      );
      expect(task.read(RECEIPT)).toBeUndefined();
    });

    it('does not sign what was in the registry before', async () => {
      const task = recordedTask(
        demanding,
        engine({ [IMAGE.split(':')[1]!]: KEY }, (line) =>
          line.startsWith('cosign verify ') ? failure('Error: no signatures found', 10) : undefined,
        ),
      );
      await expect(pushImage(task, options)).rejects.toThrow(
        `was in the registry before, without a signature of ci, and is not signed now: it may be of someone else. If you know that it is yours, sign it once with "cosign sign --yes ${SIGNED}"`,
      );
      expect(of(task.runner.lines)).toEqual([VERIFY]);
    });

    it('says what cosign needs if it cannot sign', async () => {
      const unable: Answer = (line) =>
        line.startsWith('cosign sign ')
          ? failure('Error: getting signer: no token')
          : cosign(0)(line, { file: 'cosign', args: [] });
      const task = recordedTask(demanding, engine({}, unable));
      await expect(pushImage(task, options)).rejects.toThrow(
        /failed: getting signer: no token\. Without a key, cosign needs a token of the pipeline/,
      );
    });

    it('signs nothing for an environment that names no identity, and says so', async () => {
      const task = recordedTask(files, engine({}));
      await pushImage(task, options);
      expect(of(task.runner.lines)).toEqual([]);
      expect(task.said[0]).toMatch(
        /orders {2}not signed {2}.*environments\/production\.yml names no/,
      );
    });

    it('refuses a key beside it', async () => {
      const task = recordedTask(demanding, engine({}));
      const both = { ...options, signKey: 'cosign.key' };
      await expect(pushImage(task, both)).rejects.toThrow('are both set: choose one of them');
      expect(acts(task.runner.lines)).toEqual([]);
    });
  });

  it.each([
    [{}, {}, 'no environment given'],
    [{ environment: 'prod' }, {}, 'there is no environment "prod"'],
    [
      { environment: 'production' },
      { 'dist/receipts/apps/orders/docker-build.json': '{ "kind": "docker-b' },
      'no image of "orders" was built yet: run nx docker-build orders',
    ],
    [
      { environment: 'production', tags: ['{comit}'] },
      {},
      'tag "{comit}": unknown token {comit}; known are',
    ],
  ])('%j', async (options, more, message) => {
    const task = recordedTask({ ...files, ...more }, engine());
    await expect(pushImage(task, options)).rejects.toThrow(message);
    expect(acts(task.runner.lines)).toEqual([]);
  });
});
