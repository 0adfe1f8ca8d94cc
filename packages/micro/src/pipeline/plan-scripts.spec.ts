import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileReader } from '../effects/files';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import type { PipelineEnvironment } from './pipeline-facts';
import { planFile, planScript } from './plan-scripts';

const ENVIRONMENT: PipelineEnvironment = {
  name: 'staging',
  engine: 'compose',
  variables: ['USERS_API_KEY'],
};
const PLAN = 'plan for staging\n  update   users  its image changed';

interface Answer {
  says: string;
  exitCode?: number;
}

/** Runs the script as GitHub runs steps, with an `npx` that answers for `micro env --check` and for Nx. */
function run(
  env: Answer,
  nx: Answer,
  variables: Record<string, string> = { USERS_API_KEY: 'key' },
  environment = ENVIRONMENT,
) {
  const root = temporaryWorkspace({
    'bin/npx': `#!/bin/sh
echo "$*" >> calls
case "$*" in
  "micro env --check") cat env; exit ${env.exitCode ?? 0} ;;
  "nx "*) cat nx; exit ${nx.exitCode ?? 0} ;;
esac
`,
    env: `${env.says}\n`,
    nx: `${nx.says}\n`,
  });
  chmodSync(join(root, 'bin/npx'), 0o755);
  const { status, stdout } = spawnSync(
    'bash',
    ['-e', '-o', 'pipefail', '-c', planScript(environment, 'PR_BASE', 1, ['echo after'])],
    {
      cwd: root,
      encoding: 'utf8',
      env: {
        PATH: `${join(root, 'bin')}${delimiter}${process.env['PATH']}`,
        HOME: root,
        PR_BASE: '',
        ...variables,
      },
    },
  );
  const read = fileReader(root);
  expect(stdout).toContain('after');
  return {
    status,
    plan: read(planFile(ENVIRONMENT))!.trim(),
    hasPlanned: (read('calls') ?? '').includes('-deploy -c staging --plan'),
  };
}

const COMPLETE = { says: '.env is complete' };
const INCOMPLETE = { says: '.env lacks CACHE_PASSWORD, DATABASE_PASSWORD', exitCode: 1 };

const none = (lacks: string) =>
  `### Plan for staging\n\nNo plan. The environment \`staging-plan\` lacks these secrets: ${lacks}`;

describe('the plan of a pull request', () => {
  it('is what Nx prints of it', () => {
    expect(run(COMPLETE, { says: `a line of Nx\n${PLAN}` })).toEqual({
      status: 0,
      plan: `### Plan for staging\n\n~~~~\n${PLAN}\n\n~~~~`,
      hasPlanned: true,
    });
  });

  it.each<[string, Answer, Record<string, string>, string]>([
    ['a secret of a service', COMPLETE, {}, 'USERS_API_KEY'],
    [
      'that and DOTENV',
      INCOMPLETE,
      {},
      'USERS_API_KEY DOTENV (with the variables CACHE_PASSWORD, DATABASE_PASSWORD)',
    ],
  ])('is not tried without %s, and this is no failure', (_, env, variables, lacks) => {
    expect(run(env, { says: PLAN }, variables)).toEqual({
      status: 0,
      plan: none(lacks),
      hasPlanned: false,
    });
  });

  it('says which variables are missing if it fails without them, and this is no failure', () => {
    const refused = { says: 'required variable CACHE_PASSWORD is missing a value', exitCode: 1 };
    expect(run(INCOMPLETE, refused)).toEqual({
      status: 0,
      plan: none('DOTENV (with the variables CACHE_PASSWORD, DATABASE_PASSWORD)'),
      hasPlanned: true,
    });
  });

  it('is shown if it needs none of the variables that are missing, as for a cluster with managed databases', () => {
    const cluster: PipelineEnvironment = { ...ENVIRONMENT, engine: 'kubernetes', variables: [] };
    const variables = { HOME: temporaryWorkspace({ '.kube/config': '' }) };
    expect(run(INCOMPLETE, { says: PLAN }, variables, cluster)).toMatchObject({
      status: 0,
      plan: expect.stringContaining(PLAN) as string,
    });
    expect(run(INCOMPLETE, { says: PLAN }, {}, cluster).plan).toBe(none('KUBE_CONFIG'));
  });

  it('fails if it cannot be made, also if that is why nobody knows what .env lacks', () => {
    const broken = { says: 'apps/users/service.yml:1: port: is missing', exitCode: 1 };
    expect(run(broken, broken)).toEqual({
      status: 1,
      plan: '### Plan for staging\n\n\nThe plan failed: the log of the job says why.',
      hasPlanned: true,
    });
  });
});
