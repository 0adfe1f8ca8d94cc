import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureDatastoreImage } from '../../../../tools/images/datastores/datastore-image';
import { describeEngine } from '../../../../tools/testing/describe-engine';
import { withOwnPorts } from '../../../../tools/testing/own-ports';
import { docker, EngineWorkspace } from '../testing/engine-workspace';
import { platformOf } from '../testing/platform';
import { deriveDevelopmentCompose } from './development-compose';
import { requiredSecrets } from './env-secrets';
import { deriveRootCompose } from './root-compose';
import { deriveServiceCompose } from './service-compose';

const MANIFESTS = {
  orders:
    'port: 3001\nconsumes: [users]\ndatastores: { database: postgres, cache: redis }\nbroker: rabbitmq\n',
  users: 'port: 3002\n',
};

/** A service that does nothing: the tests are about its Compose entry. */
const DOCKERFILE = `FROM node:24-bookworm-slim
USER node
HEALTHCHECK --interval=1s --timeout=3s --retries=30 CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT).catch(() => process.exit(1))"]
CMD ["node", "-e", "require('http').createServer((request, response) => response.end('here')).listen(process.env.PORT)"]
`;

describeEngine('a platform of derived compose files', () => {
  let workspace: EngineWorkspace;
  /** Free ports, as a person would set them: others may use the derived ones on this machine. */
  let ports: { database: number; cache: number };

  const compose = (files: readonly string[], ...args: string[]) =>
    docker(
      'compose',
      ...files.flatMap((file) => ['--file', join(workspace.root, file)]),
      ...['--project-directory', workspace.root],
      ...args,
    );
  const PRODUCTION = ['compose.yaml'];
  const DEVELOPMENT = ['compose.yaml', 'environments/development.compose.yaml'];
  const up = (files: readonly string[], ...args: string[]) =>
    compose(files, 'up', '--detach', '--no-build', '--wait', '--wait-timeout', '300', ...args);
  const container = (service: string) => compose(PRODUCTION, 'ps', '--quiet', service);
  const shell = (service: string, command: string) =>
    docker('exec', container(service), 'sh', '-c', command);
  const address = (service: string) =>
    docker(
      'inspect',
      '--format',
      '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}',
      container(service),
    ).split(' ')[0]!;
  const sql = (statement: string) =>
    shell('orders-database', `psql -U orders -d orders -Atc "${statement}"`);

  beforeAll(async () => {
    await ensureDatastoreImage('postgres');
    await ensureDatastoreImage('redis');
    await ensureDatastoreImage('rabbitmq');
    workspace = new EngineWorkspace();
    const platform = platformOf(MANIFESTS, workspace.platform);
    // All variables except those of observability, which this platform does not have.
    const exists = (path: string) => !path.startsWith('observability/');
    const development = deriveDevelopmentCompose(platform, undefined, {
      librariesOf: () => [],
      exists,
    }).file;
    const own = await withOwnPorts(development.text);
    ports = { database: own.ports.get(13001)!, cache: own.ports.get(14001)! };
    const files = [
      deriveRootCompose(platform, undefined, exists),
      ...platform.services.map((service) => deriveServiceCompose(platform, service, undefined)),
      { ...development, text: own.text },
    ];
    workspace.write(Object.fromEntries(files.map(({ path, text }) => [path, text])));
    const secrets = requiredSecrets(platform).map(
      (name) => `${name}=${randomBytes(24).toString('hex')}\n`,
    );
    workspace.write({ '.env': secrets.join(''), 'image/Dockerfile': DOCKERFILE });
    for (const name of Object.keys(MANIFESTS)) {
      const tag = `${workspace.platform}/${name}:local`;
      docker('build', '--quiet', '--tag', tag, join(workspace.root, 'image'));
    }
    up(PRODUCTION);
  });

  afterAll(() => {
    if (!workspace) return;
    compose(DEVELOPMENT, 'down', '--volumes', '--timeout', '5');
    workspace.remove();
  });

  it('gives a service only memory to write to', () => {
    expect(shell('orders', 'touch /app /root/a /etc/a 2>&1 || true')).toMatch(/Read-only/);
    expect(shell('orders', 'touch /tmp/a && echo written')).toBe('written');
  });

  it.each(['orders', 'orders-database', 'orders-cache', 'broker'])(
    'gives %s no rights',
    (service) => {
      const status = shell(service, 'cat /proc/1/status');
      expect(status).toMatch(/^CapEff:\t0+$/m);
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      expect(status).toMatch(/^Uid:\t[1-9]/m);
    },
  );

  it('lets a datastore keep only the rights that its entrypoint needs', () => {
    const bounding = (service: string) =>
      /^CapBnd:\t0*(\w*)$/m.exec(shell(service, 'cat /proc/1/status'))?.[1];
    // chown, dac_override, fowner, setgid, setuid: bits 0, 1, 3, 6 and 7.
    expect(bounding('orders-database')).toBe('cb');
    expect(bounding('broker')).toBe('cb');
    expect(bounding('orders-cache')).toBe('');
    expect(bounding('orders')).toBe('');
  });

  it('lets only the owner of a datastore reach it', async () => {
    const reach = (service: string, host: string, port: number) => {
      const program = `const s = require('net').connect(${port}, '${host}', () => { console.log('reached'); s.destroy(); });
s.setTimeout(3000, () => { console.log('silence'); s.destroy(); });
s.on('error', ({ code }) => console.log(code));`;
      return docker('exec', container(service), 'node', '-e', program);
    };
    expect(reach('orders', 'orders-database', 5432)).toBe('reached');
    expect(reach('orders', 'orders-cache', 6379)).toBe('reached');
    expect(reach('orders', 'broker', 5672)).toBe('reached');
    expect(reach('users', 'orders-database', 5432)).toBe('ENOTFOUND');
    // Tried again: while other tests make and remove networks, the engine's rules between networks may not be there.
    const again = { timeout: 20_000, interval: 1000 };
    const reached = (host: string, port: number) => () => reach('users', host, port) === 'reached';
    await expect.poll(reached(address('orders-database'), 5432), again).toBe(false);
    await expect.poll(reached(address('orders-cache'), 6379), again).toBe(false);
  });

  it('publishes no port of a datastore on this machine', () => {
    expect(docker('port', container('orders-database'))).toBe('');
    expect(docker('port', container('orders-cache'))).toBe('');
  });

  it('has a broker that accepts the password of its users', () => {
    const [, password] = /^ORDERS_BROKER_PASSWORD=(.*)$/m.exec(workspace.read('.env'))!;
    const url = shell('orders', 'echo $BROKER_URL');
    expect(url).toContain(`:${password}@broker`);
    const { username } = new URL(url);
    const authenticate = `rabbitmqctl authenticate_user ${username} ${password}`;
    expect(shell('broker', authenticate)).toContain('Success');
  });

  it('rotates logs', () => {
    for (const service of ['orders', 'orders-database', 'orders-cache']) {
      const format = '{{json .HostConfig.LogConfig}}';
      expect(JSON.parse(docker('inspect', '--format', format, container(service)))).toEqual({
        Type: 'local',
        Config: { 'max-size': '10m', 'max-file': '5' },
      });
    }
  });

  it('keeps data when a database container is recreated', () => {
    sql("CREATE TABLE item AS SELECT 'kept' AS name");
    const before = container('orders-database');
    up(PRODUCTION, '--force-recreate', '--no-deps', 'orders-database');
    expect(container('orders-database')).not.toBe(before);
    expect(sql('SELECT name FROM item')).toBe('kept');
  });

  it('lets this machine reach datastores in development, with the passwords of .env', async () => {
    up(DEVELOPMENT);
    const answers = (port: number, question: string) =>
      expect.poll(() => answer(port, question), { timeout: 30_000 });
    await answers(ports.cache, 'PING\r\n').toMatch(/^-NOAUTH/);
    const [, password] = /^ORDERS_CACHE_PASSWORD=(.*)$/m.exec(workspace.read('.env'))!;
    await answers(ports.cache, `AUTH ${password}\r\nPING\r\n`).toBe('+OK\r\n+PONG\r\n');
    // A PostgreSQL client's first message asks whether encryption is available: yes or no.
    await answers(ports.database, '\0\0\0\x08\x04\xd2\x16\x2f').toMatch(/^[SN]$/);
    expect(sql('SELECT name FROM item')).toBe('kept');
    expect(shell('orders', 'echo $LOG_LEVEL')).toBe('debug');
  });
});

/** The first bytes that a server on this machine answers with. */
function answer(port: number, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(question, 'latin1'));
    socket.setTimeout(500, () => socket.destroy());
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}
