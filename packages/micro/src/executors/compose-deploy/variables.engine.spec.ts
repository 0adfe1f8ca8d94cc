import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { docker, EngineWorkspace } from '../../testing/engine-workspace';

/** What an environment file says arrives as it stands. */
describeEngine('variables of an environment', () => {
  let workspace: EngineWorkspace;
  const pem = `-----BEGIN CERTIFICATE-----\n${`${'Ab+/'.repeat(16)}\n`.repeat(1016)}-----END CERTIFICATE-----\n`;
  const long = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [`LONG_${index}`, `${index}`.padEnd(250, 'x')]),
  );
  const plain = { HINT: 'a$b', PRICE: 'from $9', BOTH: 'a$b$$c ${HOME}' };

  beforeAll(() => {
    workspace = new EngineWorkspace();
    workspace.addService('orders', 3001);
    const environment = { ...plain, ...long, CA: pem };
    workspace.write({
      'environments/development.yml': stringify({
        healthTimeout: 60,
        services: { orders: { environment } },
      }),
    });
  });

  afterAll(() => workspace?.remove());

  const variables = () => {
    const [id] = workspace.containerIds('orders');
    const lines = JSON.parse(
      docker('inspect', '--format', '{{json .Config.Env}}', id!),
    ) as string[];
    return Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
  };

  it('may be longer than 64 KiB, many, and have dollars in them, also after a rollback', async () => {
    expect(pem.length).toBeGreaterThan(66_000);
    expect(await workspace.ship('orders')).toMatchObject({ success: true });
    expect(variables()).toMatchObject({ ...plain, ...long, CA: pem });
    const changed = workspace.read('environments/development.yml').replace('from $9', 'from $10');
    workspace.write({ 'environments/development.yml': changed });
    expect(await workspace.deploy('orders')).toMatchObject({ success: true });
    expect(variables()).toMatchObject({ PRICE: 'from $10', CA: pem });
    expect(await workspace.deploy('orders', { rollback: true })).toMatchObject({ success: true });
    expect(variables()).toMatchObject({ ...plain, ...long, CA: pem });
  });
});
