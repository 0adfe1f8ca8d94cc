import { expect, it } from 'vitest';
import { deriveDockerignore, renderDockerignore } from './dockerignore';

const facts = {
  projectRoot: 'apps/orders',
  libraryRoots: ['packages/money', 'packages/money'],
  workspaceGlobs: ['apps/*', './packages/*/', '!packages/old'],
  workspaceFiles: ['package.json', 'package-lock.json'],
};
const path = 'apps/orders/Dockerfile.dockerignore';

const rendered = `# Kept by \`nx sync\` from the project graph: what this image is built from, and nothing else.
**
!package-lock.json
!package.json
!apps/*/package.json
!packages/*/package.json
!apps/orders
!packages/money
**/node_modules
**/node_modules/**
**/dist
**/dist/**
**/coverage
**/coverage/**
**/.git
**/.git/**
**/.nx
**/.nx/**
**/*.tsbuildinfo
**/.env*
**/*.env

# yours: what follows is kept
`;

it('excludes everything, allows what is needed, and never allows secrets', () => {
  expect(renderDockerignore(facts)).toBe(rendered);
  expect(deriveDockerignore(path, facts, rendered)).toEqual({ path, text: rendered, drift: [] });
});

it("keeps a person's lines below the marker, and reports what else differs", () => {
  const edited = `${rendered.replace('!packages/money', '!secrets')}!apps/orders/docs\n`;
  expect(deriveDockerignore(path, facts, edited)).toEqual({
    path,
    text: `${rendered}!apps/orders/docs\n`,
    drift: ['"!secrets" is not needed', '"!packages/money" is missing'],
  });
});

it('keeps Windows line ends, and restores the order', () => {
  const windows = rendered.replaceAll('\n', '\r\n');
  expect(deriveDockerignore(path, facts, windows)).toMatchObject({ text: windows, drift: [] });
  const moved = rendered.replace('**\n', '').replace('# yours', '**\n# yours');
  expect(deriveDockerignore(path, facts, moved)).toMatchObject({
    text: rendered,
    drift: ['the lines are in another order'],
  });
});
