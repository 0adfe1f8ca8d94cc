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

describe('readImageSize', () => {
  it('takes what the older image store says', async () => {
    const runner = recordingRunner();
    const bases = new Map([['node', image('base', 'unpacked', 70)]]);
    expect(await readImageSize(runner, image('orders', 'unpacked', 100), bases)).toEqual({
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
    expect(await readImageSize(runner, image('orders', 'packed', 500), bases)).toEqual({
      total: 1300,
      base: 1000,
    });
  });

  it('names no base where there are several', async () => {
    const bases = new Map([
      ['node', image('a', 'unpacked', 1)],
      ['nginx', image('b', 'unpacked', 1)],
    ]);
    expect(await readImageSize(recordingRunner(), image('orders', 'unpacked', 9), bases)).toEqual({
      total: 9,
    });
  });
});
