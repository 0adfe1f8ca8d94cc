import { describe, expect, it } from 'vitest';
import { DockerfileError, findBuildSources, stageNames } from './build-sources';

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

describe('findBuildSources', () => {
  it('reads the whole context without a named context', () => {
    expect(findBuildSources(FIVE_STAGES)).toEqual({
      images: ['node:24-bookworm-slim'],
      contexts: [],
      paths: ['.', 'package-lock.json', 'package.json'],
    });
  });

  it('reads nothing of the context where a named context stands in for the artifact', () => {
    expect(findBuildSources(FIVE_STAGES, { contexts: ['artifact'] })).toEqual({
      images: ['node:24-bookworm-slim'],
      contexts: ['artifact'],
      paths: [],
    });
  });

  it('sees what a person added to the last stage', () => {
    const text = FIVE_STAGES.replace('CMD', 'COPY apps/orders/static /app/static\nCMD');
    expect(findBuildSources(text, { contexts: ['artifact'] }).paths).toEqual([
      'apps/orders/static',
    ]);
  });

  it.each([
    ['a build argument', { buildArgs: { NODE_IMAGE: 'node:26' } }, ['node:26']],
    ['another target', { target: 'deps' }, ['node:24-bookworm-slim']],
  ])('takes %s into account', (_, options, images) => {
    expect(findBuildSources(FIVE_STAGES, { contexts: ['artifact'], ...options }).images).toEqual(
      images,
    );
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
    ['FROM --platform=linux/amd64 a AS x\nFROM x', { images: ['a'], contexts: [], paths: [] }],
  ])('%j', (text, expected) => {
    expect(findBuildSources(text)).toEqual(expected);
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
