import { expect, test } from 'vitest';
import { FARGATE_SIZES, fargateSize } from './fargate-size';

test.each([
  [
    { cpus: 0.25, memory: '512M' },
    { cpu: 256, memory: 512 },
  ],
  [
    { cpus: 0.5, memory: '4G' },
    { cpu: 512, memory: 4096 },
  ],
  [
    { cpus: 1, memory: '2048M' },
    { cpu: 1024, memory: 2048 },
  ],
  [
    { cpus: 4, memory: '30G' },
    { cpu: 4096, memory: 30_720 },
  ],
  [
    { cpus: 8, memory: '20G' },
    { cpu: 8192, memory: 20_480 },
  ],
  [
    { cpus: 16, memory: '120G' },
    { cpu: 16_384, memory: 122_880 },
  ],
  [{ cpus: 2 }, { cpu: 2048, memory: 4096 }],
  [{ memory: '3G' }, { cpu: 512, memory: 3072 }],
  [{}, { cpu: 256, memory: 512 }],
])('%j is a size', (resources, size) => {
  expect(fargateSize(resources)).toEqual({ size });
});

test.each([
  [
    { cpus: 0.25, memory: '256M' },
    'Fargate has no size with 0.25 CPUs and 256M of memory: with 0.25 CPUs, choose from 512M, 1G, 2G',
  ],
  [
    { cpus: 1, memory: '1G' },
    'Fargate has no size with 1 CPUs and 1G of memory: with 1 CPUs, choose from 2G to 8G in steps of 1G',
  ],
  [
    { cpus: 8, memory: '17G' },
    'Fargate has no size with 8 CPUs and 17G of memory: with 8 CPUs, choose from 16G to 60G in steps of 4G',
  ],
  [
    { cpus: 0.3, memory: '512M' },
    'Fargate has no size with 0.3 CPUs: choose from 0.25, 0.5, 1, 2, 4, 8, 16',
  ],
  [
    { memory: '700M' },
    'Fargate has no size with 700M of memory: choose from 512M, 1G, 2G and more whole G',
  ],
])('%j is none', (resources, problem) => {
  expect(fargateSize(resources)).toEqual({ problem });
});

test('there are 74 pairs', () => {
  expect(FARGATE_SIZES.flatMap(({ memory }) => memory)).toHaveLength(3 + 4 + 7 + 13 + 23 + 12 + 12);
});
