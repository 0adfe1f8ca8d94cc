import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import type { BuildReceipt } from '../../image/receipt';
import { docker, EngineWorkspace } from '../../testing/engine-workspace';

const VALUE = 'npm_4f1c2d9e-never-in-an-image';
const LENGTH_FILE = '/app/secret.length';
/** The user's line that reads the secret, and keeps nothing of it but its length. */
const READS_IT = `USER root
RUN --mount=type=secret,id=token wc -c < /run/secrets/token > ${LENGTH_FILE}
USER node
`;

describeEngine('a build secret', () => {
  let workspace: EngineWorkspace;

  beforeAll(() => {
    workspace = new EngineWorkspace({ name: 'micro-secret-' });
    workspace.addService('orders', 3001);
    const dockerfile = workspace.read('apps/orders/Dockerfile');
    workspace.write({ 'apps/orders/Dockerfile': dockerfile + READS_IT, '.token': VALUE });
  });
  afterAll(() => workspace?.remove());

  it('is in no layer, no history and no output', async () => {
    await workspace.build('orders');
    const options = { secrets: ['id=token,src=.token'], noCache: true };
    const { success, output } = await workspace.dockerBuild('orders', options);
    expect(success, output).toBe(true);
    const { image } = workspace.receipt<BuildReceipt>('orders', 'docker-build');
    // The build did see it.
    expect(docker('run', '--rm', image, 'cat', LENGTH_FILE)).toBe(String(VALUE.length));

    const saved = execFileSync('docker', ['save', image], { maxBuffer: 2 ** 30 });
    expect(saved.includes('secret.length')).toBe(true);
    expect(saved.includes(VALUE)).toBe(false);
    expect(docker('history', '--no-trunc', image)).not.toContain(VALUE);
    expect(docker('image', 'inspect', image)).not.toContain(VALUE);
    expect(output).not.toContain(VALUE);
    expect(workspace.read('dist/receipts/apps/orders/docker-build.json')).not.toContain(VALUE);
  });
});
