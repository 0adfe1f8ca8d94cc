import { expect, it } from 'vitest';
import { replaceImages } from './replace-images';

const NAMES = new Map([
  ['node:24', 'node:24@sha256:1'],
  ['busybox', 'busybox:latest@sha256:2'],
]);

it.each([
  [
    'ARG NODE_IMAGE=node:24\n\nFROM ${NODE_IMAGE} AS base # 24\n',
    'ARG NODE_IMAGE=node:24@sha256:1\n\nFROM ${NODE_IMAGE} AS base # 24\n',
  ],
  ['ARG A="node:24" B=node:24', 'ARG A="node:24@sha256:1" B=node:24@sha256:1'],
  [
    'FROM --platform=linux/amd64 node:24 AS base',
    'FROM --platform=linux/amd64 node:24@sha256:1 AS base',
  ],
  ['FROM node:24-alpine\nFROM node:240', undefined],
  [
    'FROM scratch\nCOPY --from=busybox /bin/sh busybox',
    'FROM scratch\nCOPY --from=busybox:latest@sha256:2 /bin/sh busybox',
  ],
  [
    'FROM node:24\nRUN --mount=type=bind,from=busybox,target=/b echo node:24 busybox \\\n  && true\nCMD ["node:24"]',
    'FROM node:24@sha256:1\nRUN --mount=type=bind,from=busybox:latest@sha256:2,target=/b echo node:24 busybox \\\n  && true\nCMD ["node:24"]',
  ],
  [
    '# node:24\nFROM node:24\nENV IMAGE=node:24\n',
    '# node:24\nFROM node:24@sha256:1\nENV IMAGE=node:24\n',
  ],
  ['ARG TAG=24\nFROM node:${TAG}', undefined],
])('%j', (text, expected) => {
  expect(replaceImages(text, NAMES)).toBe(expected ?? text);
});
