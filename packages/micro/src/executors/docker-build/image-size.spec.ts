import { describe, expect, it } from 'vitest';
import type { LocalImage } from '../../effects/engine';
import { recordingRunner } from '../../testing/recording-runner';
import { readImageSize } from './image-size';

const image = (id: string, kind: 'packed' | 'unpacked', bytes: number): LocalImage => ({
  id,
  labels: {},
  tags: [],
  digests: [],
  size: { kind, bytes },
});

/** For what the engine is, and for another platform. */
const own = { build: 'linux/amd64', target: ['linux/amd64'] };
const foreign = { build: 'linux/amd64', target: ['linux/arm64'] };

describe('readImageSize', () => {
  it('takes what the older image store says', async () => {
    const runner = recordingRunner();
    const bases = new Map([['node', image('base', 'unpacked', 70)]]);
    expect(await readImageSize(runner, image('orders', 'unpacked', 100), bases, foreign)).toEqual({
      total: 100,
      base: 70,
    });
    expect(runner.lines).toEqual([]);
  });

  it('adds up the steps in the containerd image store', async () => {
    const runner = recordingRunner((line) => ({
      stdout: line.endsWith(' orders') ? '300\n0\n1000\n' : '0\n1000\n',
    }));
    const bases = new Map([['node', image('base', 'packed', 400)]]);
    expect(await readImageSize(runner, image('orders', 'packed', 500), bases, own)).toEqual({
      total: 1300,
      base: 1000,
    });
  });

  it('unpacks an image for another platform first, and leaves no container', async () => {
    const runner = recordingRunner((line) => {
      if (line.includes(' create ')) return { stdout: 'c1\n' };
      return line.includes(' history ') ? { stdout: '300\n' } : {};
    });
    expect(await readImageSize(runner, image('orders', 'packed', 1), new Map(), foreign)).toEqual({
      total: 300,
    });
    expect(runner.lines).toEqual([
      'docker container create --network none --platform linux/arm64 --pull never orders none',
      'docker image history --human=false --format {{.Size}} orders',
      'docker container rm --volumes c1',
    ]);
  });

  it('removes that container also if the size cannot be read', async () => {
    const runner = recordingRunner((line) => {
      if (line.includes(' create ')) return { stdout: 'c1\n' };
      return line.includes(' history ') ? { exitCode: 1, stderr: 'broken' } : {};
    });
    await expect(
      readImageSize(runner, image('orders', 'packed', 1), new Map(), foreign),
    ).rejects.toThrow('Could not read the size of the image orders');
    expect(runner.lines.at(-1)).toBe('docker container rm --volumes c1');
  });

  it('names no base if there are several', async () => {
    const bases = new Map([
      ['node', image('a', 'unpacked', 1)],
      ['nginx', image('b', 'unpacked', 1)],
    ]);
    expect(
      await readImageSize(recordingRunner(), image('orders', 'unpacked', 9), bases, own),
    ).toEqual({
      total: 9,
    });
  });
});
