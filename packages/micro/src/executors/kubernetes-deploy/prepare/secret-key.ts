import { newSecretsKey, parseSecretsKey } from '../../../deployment/secrets';
import { ClusterError, runKubectl } from '../../../effects/cluster';
import type { LiveObject } from '../../../kubernetes/live-object';
import type { Scope } from '../../../kubernetes/object';
import { secretObject } from '../../../kubernetes/secret-object';
import { type Secret } from '../../../platform/secret';
import { UserError } from '../../../platform/user-error';
import type { Run } from '../run';

const FIELD = 'key';

/** The key by which Secrets are named after their values: whoever can read it can read those too. */
export async function readSecretKey(run: Run): Promise<{ key: Secret; isNew: boolean }> {
  const name = keyName(run.scope);
  const args = ['get', 'secret', name, '--ignore-not-found', '--output', 'json'];
  const { stdout } = await runKubectl(run.cluster, args, 'Could not look for the key of Secrets');
  if (stdout.trim() === '') return { key: newSecretsKey(), isNew: true };
  const { data = {} } = JSON.parse(stdout) as LiveObject & { data?: Record<string, string> };
  const key = parseSecretsKey(Buffer.from(data[FIELD] ?? '', 'base64').toString());
  if (key) return { key, isNew: false };
  throw new UserError(
    `the Secret ${name} in ${run.scope.namespace} was not made by a deploy: delete it, and deploy again; services with secrets restart once`,
  );
}

/** Keeps a new key. Two first deploys cannot meet here, since one of them holds the lock. */
export async function keepSecretKey({ cluster, scope }: Run, key: Secret): Promise<void> {
  const object = secretObject(scope, keyName(scope), new Map([[FIELD, key]]));
  const stdin = JSON.stringify({ ...object, immutable: true });
  try {
    const what = 'Could not keep the key of Secrets';
    await runKubectl(cluster, ['create', '--filename', '-'], what, { stdin });
  } catch (error) {
    if (!(error instanceof ClusterError) || error.complaint.kind !== 'exists') throw error;
  }
}

function keyName({ platform, environment }: Scope): string {
  return `${platform}-${environment}-deploy-key`;
}
