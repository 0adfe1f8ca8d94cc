import { expect, it } from 'vitest';
import { parseEnvironment } from '../../../platform/environment';
import { failure, recordingRunner } from '../../../testing/recording-runner';
import { requireImage } from './find-images';

const IMAGE = 'registry.example.com/acme/orders@sha256:1';

/** An engine on which a prune takes the image away so many times right after it was pulled. */
function requireOn(prunes: number) {
  let looked = 0;
  const runner = recordingRunner((line) => {
    if (!line.includes('image inspect')) return undefined;
    // Before the first pull it is not there, either.
    if (looked++ <= prunes) return failure('Error response from daemon: No such image: x');
    const Labels = { 'org.micro.image-key': 'one' };
    return { stdout: JSON.stringify({ Id: 'sha256:1', Size: 1, Config: { Labels } }) };
  });
  const run = {
    ...{ runner, address: {}, tasks: [], tell: () => undefined },
    environment: parseEnvironment('production', ''),
  } as unknown as Parameters<typeof requireImage>[0];
  const desired = {
    ...{ service: 'orders', image: IMAGE, key: 'one', source: 'registry' },
    slice: { services: {} },
  } as unknown as Parameters<typeof requireImage>[1];
  const pulls = () => runner.lines.filter((line) => line.includes(' pull ')).length;
  return { work: requireImage(run, desired), pulls };
}

it('pulls an image again if a prune removed it right after the pull', async () => {
  const { work, pulls } = requireOn(2);
  await work;
  expect(pulls()).toBe(3);
});

it('says that something removes images, if that continues', async () => {
  const { work, pulls } = requireOn(9);
  await expect(work).rejects.toThrow(
    `${IMAGE} was pulled 3 times and is not on the engine of production: something removes images there`,
  );
  expect(pulls()).toBe(3);
});
