import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, it } from 'vitest';
import { fileReader } from '../effects/files';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { pendingScript } from './github-pending';
import type { PipelineEnvironment } from './pipeline-facts';

/** Two environments in a repository whose history has the commit `known` only. */
function pendingOf(remembered: Record<string, string>, services: string) {
  const root = temporaryWorkspace({
    ...Object.fromEntries(
      Object.entries(remembered).map(([name, commit]) => [`dist/ci/deploy-${name}`, `${commit}\n`]),
    ),
    'bin/git': '#!/bin/sh\ntest "$3" = known\n',
    'bin/npx': `#!/bin/sh\necho "$*" >> calls\nprintf '%s' '${services}'\n`,
  });
  for (const name of ['git', 'npx']) chmodSync(join(root, 'bin', name), 0o755);
  const environments: PipelineEnvironment[] = [
    { name: 'staging', engine: 'compose', variables: [] },
    { name: 'production', engine: 'kubernetes', variables: [] },
  ];
  const { status } = spawnSync('bash', ['-e', '-c', pendingScript(environments)], {
    cwd: root,
    env: {
      PATH: `${join(root, 'bin')}${delimiter}${process.env['PATH']}`,
      GITHUB_OUTPUT: 'given',
    },
  });
  const read = fileReader(root);
  return { status, given: read('given'), asked: read('calls')?.split('\n').filter(Boolean) };
}

const ask = (engine: string) =>
  `nx show projects --affected --base=known --with-target ${engine}-deploy`;

it('finds nothing to deploy if no service changed since each environment was deployed to', () => {
  expect(pendingOf({ staging: 'known', production: 'known' }, '')).toEqual({
    status: 0,
    given: 'deploy-staging=\ndeploy-production=\n',
    asked: [ask('compose'), ask('kubernetes')],
  });
});

it('finds what changed', () => {
  const { given } = pendingOf({ staging: 'known', production: 'known' }, 'users\norders\n');
  expect(given).toBe('deploy-staging=true\ndeploy-production=true\n');
});

it('leaves it to the deploy if the commit is not known: the first run, a lost cache, a force push', () => {
  expect(pendingOf({ staging: 'forgotten' }, '')).toEqual({
    status: 0,
    given: 'deploy-staging=true\ndeploy-production=true\n',
    asked: undefined,
  });
});
