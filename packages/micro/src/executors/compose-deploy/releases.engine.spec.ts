import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { docker, EngineWorkspace, server } from '../../testing/engine-workspace';

/** A nightly prune of the host removes nothing that a rollback needs, and records contain no password. */
describeEngine('releases', () => {
  let workspace: EngineWorkspace;
  let project: string;

  beforeAll(() => {
    workspace = new EngineWorkspace();
    project = `${workspace.platform}-development`;
    workspace.addService('orders', 3001, { compose: '    env_file: [../../extra.env]\n' });
    const entry = workspace.read('apps/orders/compose.yaml');
    workspace.write({
      '.env': 'TOKEN=first-token\nPASSWORD=first-password\n',
      'extra.env': 'EXTRA=first-extra\n',
      'apps/orders/compose.yaml': entry.replace(
        'environment: {',
        'environment: { DB: "pg://o:${PASSWORD}@db", TOKEN: null, ',
      ),
    });
  });

  afterAll(() => workspace?.remove());

  const volumes = () =>
    docker('volume', 'ls', '--quiet', '--filter', `label=org.micro.project=${project}`)
      .split('\n')
      .filter(Boolean);
  const labels = () =>
    [
      ...volumes().map((name) => docker('volume', 'inspect', '--format', '{{json .Labels}}', name)),
      ...docker('ps', '--all', '--quiet', '--filter', `name=${workspace.platform}`)
        .split('\n')
        .filter(Boolean)
        .map((id) => docker('inspect', '--format', '{{json .Config.Labels}}', id)),
    ].join('\n');
  const variables = () => {
    const [id] = workspace.containerIds('orders');
    return docker('inspect', '--format', '{{json .Config.Env}}', id!);
  };
  /** What `docker system prune -af` removes of ours: containers that do not run, then images that none has. */
  const pruneOurs = () => {
    const idle = docker(
      ...['ps', '--all', '--quiet', '--filter', 'status=created', '--filter', 'status=exited'],
      ...['--filter', `label=org.micro.project=${project}`],
    );
    for (const id of idle.split('\n').filter(Boolean)) docker('rm', id);
  };

  it('hold no value of a password, and a rollback fills in those of today', async () => {
    expect(await workspace.ship('orders')).toMatchObject({ success: true });
    workspace.write({ 'apps/orders/src/main.ts': server('orders two') });
    expect(await workspace.ship('orders')).toMatchObject({ success: true });
    expect(volumes()).toEqual([`${project}.orders.r1`, `${project}.orders.r2`]);
    expect(variables()).toMatch(/first-password.*first-extra|first-extra.*first-password/);
    workspace.write({
      '.env': 'TOKEN=second-token\nPASSWORD=second-password\n',
      'extra.env': 'EXTRA=second-extra\n',
    });
    pruneOurs();
    const { success, output } = await workspace.deploy('orders', { rollback: true });
    expect({ success, output }).toMatchObject({
      success: true,
      output: expect.stringContaining('back to r1 from r2') as string,
    });
    expect(variables()).toContain('second-password');
    expect(variables()).toContain('second-extra');
    expect(variables()).not.toContain('first-');
    expect(labels()).not.toMatch(/(?:first|second)-(?:token|password|extra)/);
  });

  it('a rotated password is no release of its own, and restarts the service', async () => {
    workspace.write({ '.env': 'TOKEN=third-token\nPASSWORD=third-password\n' });
    expect((await workspace.deploy('orders')).success).toBe(true);
    workspace.write({ '.env': 'TOKEN=third-token\nPASSWORD=fourth-password\n' });
    const { output } = await workspace.deploy('orders');
    expect(output).toMatch(/restart +orders {2}its entry changed: environment/);
    expect(variables()).toContain('fourth-password');
    expect(volumes()).toEqual([`${project}.orders.r1`, `${project}.orders.r3`]);
    const { output: again } = await workspace.deploy('orders');
    expect(again).toMatch(/keep +orders {2}nothing changed/);
    const back = await workspace.deploy('orders', { rollback: true });
    expect(back.output).toContain('back to r1 from r3');
    expect(await workspace.deploy('orders', { to: 'r1' })).toMatchObject({
      success: true,
      output: expect.stringMatching(/keep +orders {2}nothing changed/) as string,
    });
  });

  it('noted by an earlier version are moved, without the values in them', async () => {
    const container = `${project}.orders.r3`;
    const image = docker(
      'volume',
      'inspect',
      '--format',
      '{{index .Labels "org.micro.release.image"}}',
      container,
    );
    const key = docker(
      'volume',
      'inspect',
      '--format',
      '{{index .Labels "org.micro.image-key"}}',
      container,
    );
    const name = 'orders';
    docker('volume', 'rm', ...volumes());
    for (const id of docker(
      'ps',
      '--all',
      '--quiet',
      '--filter',
      `label=org.micro.project=${project}`,
    )
      .split('\n')
      .filter(Boolean))
      docker('rm', id);
    const slice = {
      services: {
        [name]: {
          image,
          environment: { PORT: '3001', DB: 'pg://o:old-password@db', EXTRA: 'old-extra' },
          networks: { edge: null },
        },
      },
      networks: { edge: { name: `${project}_edge` } },
    };
    docker(
      ...['create', '--name', `${project}.orders.r7`, '--network', 'none'],
      ...Object.entries({
        'org.micro.project': project,
        'org.micro.release': '7',
        'org.micro.release.service': name,
        'org.micro.release.image': image,
        'org.micro.release.replicas': '1',
        'org.micro.image-key': key,
        'org.micro.entry': 'environment=00000000',
        'org.micro.release.compose': JSON.stringify(slice),
      }).flatMap(([label, value]) => ['--label', `${label}=${value}`]),
      image,
    );
    workspace.write({ 'apps/orders/src/main.ts': server('orders three') });
    expect(await workspace.ship('orders')).toMatchObject({ success: true });
    expect(volumes()).toEqual([`${project}.orders.r7`, `${project}.orders.r8`]);
    expect(labels()).not.toContain('old-');
    const { success, output } = await workspace.deploy('orders', { to: 7 });
    expect({ success, output }).toMatchObject({ success: true });
    expect(variables()).toContain('fourth-password');
  });
});
