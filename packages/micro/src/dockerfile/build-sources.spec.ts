import { describe, expect, it } from 'vitest';
import { findBuildSources, stageNames } from './build-sources';
import { DockerfileError } from './stages';

const FIVE_STAGES = `
ARG NODE_IMAGE=node:24-bookworm-slim
FROM \${NODE_IMAGE} AS base
WORKDIR /workspace
FROM base AS deps
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci
FROM deps AS build
COPY . .
RUN npx micro build apps/orders
FROM scratch AS artifact
COPY --from=build /workspace/dist/apps/orders /
FROM base AS prod-deps
COPY --from=artifact package.json ./
FROM base AS production
COPY --from=prod-deps /app/node_modules ./node_modules
COPY --from=artifact / ./
CMD ["node", "main.js"]
`;

/** What is read, images by name and platform alone. */
function read(text: string, options?: Parameters<typeof findBuildSources>[1]) {
  const { images, contexts, paths } = findBuildSources(text, options);
  return {
    images: images.map(({ name, platform }) => (platform ? `${name} for ${platform}` : name)),
    contexts,
    paths,
  };
}

describe('findBuildSources', () => {
  it('reads the whole context without a named context', () => {
    expect(read(FIVE_STAGES)).toEqual({
      images: ['node:24-bookworm-slim'],
      contexts: [],
      paths: ['.', 'package-lock.json', 'package.json'],
    });
  });

  it('reads no file of the context if a named context replaces the artifact', () => {
    expect(read(FIVE_STAGES, { contexts: ['artifact'] })).toEqual({
      images: ['node:24-bookworm-slim'],
      contexts: ['artifact'],
      paths: [],
    });
  });

  it('sees what a person added to the last stage', () => {
    const text = FIVE_STAGES.replace('CMD', 'COPY apps/orders/static /app/static\nCMD');
    expect(read(text, { contexts: ['artifact'] }).paths).toEqual(['apps/orders/static']);
  });

  it.each([
    ['a build argument', { buildArgs: { NODE_IMAGE: 'node:26' } }, ['node:26']],
    ['another target', { target: 'deps' }, ['node:24-bookworm-slim']],
  ])('includes %s', (_, options, images) => {
    expect(read(FIVE_STAGES, { contexts: ['artifact'], ...options }).images).toEqual(images);
  });

  it.each([
    ['FROM a\nCOPY --from=b /x /x', { images: ['a', 'b'], contexts: [], paths: [] }],
    ['FROM a AS one\nFROM b\nCOPY --from=0 /x /x', { images: ['a', 'b'], contexts: [], paths: [] }],
    ['FROM a AS unused\nFROM b', { images: ['b'], contexts: [], paths: [] }],
    ['FROM a\nRUN --mount=type=bind,target=/src ls', { images: ['a'], contexts: [], paths: ['.'] }],
    [
      'FROM a\nRUN --mount=type=bind,from=c,target=/src ls',
      { images: ['a', 'c'], contexts: [], paths: [] },
    ],
    ['FROM a\nRUN --mount=type=cache,target=/c ls', { images: ['a'], contexts: [], paths: [] }],
    ['FROM a\nCOPY ["with space", "/x/"]', { images: ['a'], contexts: [], paths: ['with space'] }],
    ['FROM a\nCOPY <<EOF /x\nhello\nEOF', { images: ['a'], contexts: [], paths: [] }],
    ['FROM a\nADD https://example.com/x /x', { images: ['a'], contexts: [], paths: [] }],
    ['ARG TAG\nFROM a:${TAG:-1}', { images: ['a:1'], contexts: [], paths: [] }],
    [
      'FROM --platform=linux/amd64 a AS x\nFROM x',
      { images: ['a for linux/amd64'], contexts: [], paths: [] },
    ],
    ['ARG V\nFROM a:1${V}', { images: ['a:1'], contexts: [], paths: [] }],
    [
      'ARG ONE=1 TWO=$ONE\nFROM a:$TWO\nARG TWO\nCOPY $TWO /x',
      { images: ['a:1'], contexts: [], paths: ['1'] },
    ],
    // What a stage declares is its own, and of the stages that begin with it.
    [
      'FROM a AS one\nARG X=x\nENV Y=y\nFROM one\nCOPY $X /\nCOPY ${Y}.txt /\nFROM scratch\nCOPY --from=1 / /\nCOPY p$X /',
      { images: ['a'], contexts: [], paths: ['p', 'x', 'y.txt'] },
    ],
    // The base image may bring the variable: all of the context counts.
    ['FROM a\nCOPY $HOME_OF_IT/x /', { images: ['a'], contexts: [], paths: ['.'] }],
  ])('%j', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  const TOOLS = `FROM scratch AS tools-amd64
FROM arm AS tools-arm64
FROM tools-\${TARGETARCH} AS tools
FROM --platform=$BUILDPLATFORM build AS build
FROM node:24
ARG TARGETARCH
COPY --from=tools / /
COPY --from=build / /
COPY bin/\${TARGETARCH}/ /
`;
  const predefined = { TARGETARCH: 'arm64', BUILDPLATFORM: 'linux/amd64' };

  it.each([
    ['without a global ARG', TOOLS],
    ['with a global ARG', `ARG TARGETARCH\n${TOOLS}`],
  ])('resolves the arguments of the platform: %s', (_, text) => {
    expect(read(text, { predefined })).toEqual({
      images: ['arm', 'build for linux/amd64', 'node:24'],
      contexts: [],
      paths: ['bin/arm64/'],
    });
  });

  it.each([
    [
      'a build argument in their place, also without an ARG',
      TOOLS,
      { TARGETARCH: 'amd64' },
      'bin/amd64/',
    ],
    [
      'a default in their place',
      `ARG TARGETARCH=amd64\n${TOOLS}`.replace('ARG TARGETARCH\nCOPY', 'ARG TARGETARCH=x\nCOPY'),
      {},
      'bin/x/',
    ],
  ])('includes %s', (_, text, buildArgs, path) => {
    expect(read(text, { predefined, buildArgs })).toEqual({
      images: ['build for linux/amd64', 'node:24'],
      contexts: [],
      paths: [path],
    });
  });

  it('does not know them in a stage that declares none', () => {
    const text = 'FROM scratch\nCOPY a$TARGETARCH /';
    expect(read(text, { predefined }).paths).toEqual(['a']);
  });

  it('reads addresses in ADD, but not in COPY', () => {
    const text = `FROM scratch
ARG SUM=sha256:ab
ADD --checksum=$SUM https://example.com/a /
ADD --link https://example.com/b /
ADD ["git@example.com:x.git#main:docs", "/"]
ADD https://example.com/y.git /
COPY https://example.com/c /
`;
    expect(findBuildSources(text)).toMatchObject({
      paths: ['https://example.com/c'],
      remotes: [
        { kind: 'http', address: 'https://example.com/a', checksum: 'sha256:ab', line: 3 },
        { kind: 'http', address: 'https://example.com/b', line: 4 },
        { kind: 'git', address: 'git@example.com:x.git#main:docs', line: 5 },
        { kind: 'git', address: 'https://example.com/y.git', line: 6 },
      ],
    });
  });

  it.each([
    ['# syntax=docker/dockerfile:1\nFROM a', {}, 'docker/dockerfile:1'],
    ['#SYNTAX = acme/frontend:2\nFROM a', {}, 'acme/frontend:2'],
    ['# syntax=docker/dockerfile:1\nFROM a', { BUILDKIT_SYNTAX: 'x:1' }, 'x:1'],
    ['# a comment\n# syntax=docker/dockerfile:1\nFROM a', {}, undefined],
  ])('finds who reads %j with %j', (text, buildArgs, syntax) => {
    expect(findBuildSources(text, { buildArgs }).syntax).toBe(syntax);
  });

  it('says which variable of a base image has no value, and where', () => {
    expect(findBuildSources('\nFROM a:${X}').images).toEqual([
      { name: 'a:', written: 'a:${X}', missing: ['X'], line: 2 },
    ]);
  });

  it.each([
    ['', {}, 'the Dockerfile has no FROM'],
    ['FROM a AS one', { target: 'two' }, 'the Dockerfile has no stage "two"; it has one'],
  ])('refuses %j with %j', (text, options, message) => {
    expect(() => findBuildSources(text, options)).toThrow(new DockerfileError(message));
  });
});

it('names the stages', () => {
  expect(stageNames(FIVE_STAGES)).toEqual([
    'base',
    'deps',
    'build',
    'artifact',
    'prod-deps',
    'production',
  ]);
});
