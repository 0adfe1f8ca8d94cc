import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileReader } from '../effects/files';
import { temporaryWorkspace, writeFiles } from '../testing/temporary-workspace';
import type { PipelineEnvironment } from './pipeline-facts';
import { accessScript, TAKE_AWS_ROLE, verifyScript } from './scripts';

const STAGING = { name: 'staging', engine: 'compose' as const, variables: [] };

/** Runs the script with an `npx` that ends with this exit code. */
function verify(files: Record<string, string>, exitCode: number) {
  const root = temporaryWorkspace({
    'bin/npx': `#!/bin/sh\necho "$*" >> calls\nexit ${exitCode}\n`,
  });
  chmodSync(join(root, 'bin/npx'), 0o755);
  writeFiles(root, files);
  const PATH = `${join(root, 'bin')}${delimiter}${process.env['PATH']}`;
  const script = ['-e', '-o', 'pipefail', '-c', verifyScript(STAGING)];
  const { status } = spawnSync('bash', script, { cwd: root, env: { PATH } });
  return { status, asked: fileReader(root)('calls')?.trim() };
}

it('verifies what a job pushed, and fails with it', () => {
  const receipt = { 'dist/receipts/apps/orders/docker-push.staging.json': '{}' };
  const asked = 'micro status -e staging --check --pushed';
  expect(verify(receipt, 0)).toEqual({ status: 0, asked });
  expect(verify(receipt, 1)).toEqual({ status: 1, asked });
});

it.each([
  ['nothing was built', {}],
  [
    'something was pushed for another environment only',
    { 'dist/receipts/apps/orders/docker-push.production.json': '{}' },
  ],
])('asks nobody if %s', (_, files: Record<string, string>) => {
  expect(verify(files, 1)).toEqual({ status: 0, asked: undefined });
});

describe('access to AWS', () => {
  const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
  const AWS: PipelineEnvironment = {
    ...{ name: 'aws', engine: 'ecs', region: 'eu-central-1', variables: [] },
    registry: `${ECR}/acme`,
  };

  /** Runs the scripts with an `aws` and a `docker` that say what they are asked. */
  function reach(environment: PipelineEnvironment, { isKnown = true, env = {} } = {}) {
    const root = temporaryWorkspace({
      'bin/aws': `#!/bin/sh
echo "aws $* $AWS_WEB_IDENTITY_TOKEN_FILE" >> calls
case "$*" in
  sts*) exit ${isKnown ? 0 : 255} ;;
  *) echo password ;;
esac
`,
      'bin/docker': '#!/bin/sh\necho "docker $* <$(cat)" >> calls\n',
    });
    for (const name of ['aws', 'docker']) chmodSync(join(root, 'bin', name), 0o755);
    const PATH = `${join(root, 'bin')}${delimiter}${process.env['PATH']}`;
    const script = ['-e', '-o', 'pipefail', '-c', TAKE_AWS_ROLE + accessScript(environment)];
    const { status, stdout } = spawnSync('bash', script, {
      ...{ cwd: root, encoding: 'utf8', env: { PATH, HOME: root, ...env } },
    });
    const read = fileReader(root);
    const calls = (read('calls') ?? '').replaceAll(root, '~').trim().split('\n');
    return { status, stdout, calls: calls.map((call) => call.trim()), read };
  }

  it('logs in to a registry of AWS, in its own region', () => {
    const { status, stdout, calls } = reach(AWS);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(calls).toEqual([
      'aws sts get-caller-identity --region eu-central-1',
      'aws ecr get-login-password --region eu-west-1',
      `docker login ${ECR} --username AWS --password-stdin <password`,
    ]);
  });

  it('says what to set if there are no credentials, and leaves the failure to the deploy', () => {
    const { status, stdout, calls } = reach(AWS, { isKnown: false });
    expect(status).toBe(0);
    expect(stdout).toContain('set AWS_ROLE_ARN, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY');
    expect(calls).toHaveLength(1);
  });

  it('takes a role with the token of the job', () => {
    const { calls, read } = reach(AWS, { env: { AWS_ROLE_ARN: 'arn', AWS_ID_TOKEN: 'token' } });
    expect(calls[0]).toBe('aws sts get-caller-identity --region eu-central-1 ~/.aws-id-token');
    expect(read('.aws-id-token')).toBe('token');
  });

  it('logs in to another registry with its secrets', () => {
    const env = { REGISTRY_USER: 'ada', REGISTRY_PASSWORD: 'secret' };
    const { calls } = reach({ ...AWS, registry: 'reg.example.com/acme' }, { env });
    expect(calls).toEqual([
      'docker login reg.example.com --username ada --password-stdin <secret',
      'aws sts get-caller-identity --region eu-central-1',
    ]);
  });
});
