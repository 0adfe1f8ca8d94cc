import { describe, expect, it } from 'vitest';
import { failure, recordingRunner, type Answer } from '../../testing/recording-runner';
import { runCommand } from '../../testing/shell';
import { temporaryWorkspace } from '../../testing/temporary-workspace';
import { doctorCommand } from './command';

const workspace = (more = '') =>
  temporaryWorkspace({
    'package.json': JSON.stringify({ name: '@acme/source' }),
    'compose.yaml': '',
    'environments/live.yml': `engine: kubernetes\ncontext: far\nregistry: reg.example.com\n${more}`,
    'apps/orders/service.yml': 'port: 3001\n',
    'apps/orders/package.json': JSON.stringify({ name: 'orders' }),
  });

const VERSIONS = {
  clientVersion: { gitVersion: 'v1.37.2' },
  serverVersion: { gitVersion: 'v1.36.4' },
};
const EVERYTHING = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }];

/** Answers as a cluster on which all is right, unless a case says something else. */
const cluster =
  (more: Answer = () => undefined): Answer =>
  (line, command) => {
    const other = more(line, command);
    if (other) return other;
    if (line.startsWith('docker') && line.includes('compose'))
      return { stdout: JSON.stringify({ services: { orders: {} } }) };
    if (line.includes(' version ')) return { stdout: JSON.stringify(VERSIONS) };
    if (line.includes(' create ')) {
      return { stdout: JSON.stringify({ status: { resourceRules: EVERYTHING } }) };
    }
    return line.startsWith('kubectl') ? { stdout: '{}' } : failure('no');
  };

interface Check {
  level: string;
  what: string;
  says: string;
  advice?: string;
}

async function doctor(answer: Answer, more = '') {
  const runner = recordingRunner(answer);
  const { output } = await runCommand(doctorCommand, workspace(more), '-e live --json', { runner });
  const ours = ['cluster', 'namespace', 'rights', 'pull secret', 'Gateway', 'objects'];
  const checks = JSON.parse(output) as Check[];
  return { checks: checks.filter(({ what }) => ours.includes(what)), all: checks, runner };
}

describe('micro doctor of a cluster', () => {
  it('finds nothing wrong if nothing is', async () => {
    const { checks, all, runner } = await doctor(cluster());
    expect(checks).toEqual([
      {
        ...{ level: 'ok', what: 'cluster' },
        says: 'Kubernetes v1.36.4 of the context far (kubectl v1.37.2)',
      },
      { level: 'ok', what: 'namespace', says: 'acme-live exists' },
      { level: 'ok', what: 'rights', says: 'the user may do what a deploy does in acme-live' },
    ]);
    // What belongs to an engine is not asked about.
    expect(all.map(({ what }) => what)).not.toContain('port');
    expect(all.map(({ what }) => what)).not.toContain('pruning');
    expect(runner.lines.filter((line) => line.startsWith('kubectl'))).toHaveLength(3);
  });

  it.each<[string, Answer, string, string, RegExp]>([
    [
      'no context',
      (line) => (line.includes(' version ') ? failure('context "far" does not exist') : undefined),
      '',
      'cluster',
      /there is no kubectl context "far", which environments\/live\.yml names/,
    ],
    [
      'no namespace',
      (line) =>
        line.includes(' namespace acme-live ') && line.includes(' get namespace ')
          ? failure('Error from server (NotFound): namespaces "acme-live" not found')
          : undefined,
      '',
      'namespace',
      /there is no namespace acme-live: kubectl --context far create namespace acme-live/,
    ],
    [
      'a namespace that ends',
      (line) =>
        line.includes(' get namespace ')
          ? { stdout: '{"status":{"phase":"Terminating"}}' }
          : undefined,
      '',
      'namespace',
      /is being deleted/,
    ],
    [
      'rights that are missing',
      (line) =>
        line.includes(' create ')
          ? {
              stdout: JSON.stringify({
                status: {
                  resourceRules: [
                    { verbs: ['*'], apiGroups: ['', 'batch', 'policy'], resources: ['*'] },
                    { verbs: ['get', 'list'], apiGroups: ['apps'], resources: ['*'] },
                    ...EVERYTHING.map((rule) => ({
                      ...rule,
                      apiGroups: ['networking.k8s.io', 'autoscaling', 'coordination.k8s.io'],
                    })),
                  ],
                },
              }),
            }
          : undefined,
      '',
      'rights',
      /^the user may not: create, patch, delete deployments\.apps; create, patch, delete statefulsets\.apps$/,
    ],
    [
      'a pull secret that is missing',
      (line) =>
        line.includes(' get secret ')
          ? failure('Error from server (NotFound): secrets "registry" not found')
          : undefined,
      'pullSecret: registry\n',
      'pull secret',
      /acme-live has no Secret registry, which environments\/live\.yml names/,
    ],
    [
      'no Gateway API',
      (line) =>
        line.includes('gateways')
          ? failure('error: the server doesn\'t have a resource type "gateways"')
          : undefined,
      'gateway: { name: public, namespace: infra }\n',
      'Gateway',
      /infra has no Gateway public/,
    ],
    [
      'an entry that cannot be rendered',
      (line) =>
        line.startsWith('docker') && line.includes('compose')
          ? { stdout: JSON.stringify({ services: { orders: { privileged: true } } }) }
          : undefined,
      '',
      'objects',
      /apps\/orders\/compose\.yaml:1: "privileged" of orders is not rendered for a cluster/,
    ],
  ])('fails for %s', async (_, answer, more, what, says) => {
    const { checks } = await doctor(cluster(answer), more);
    expect(checks.filter(({ level }) => level === 'fail')).toMatchObject([
      { what, says: expect.stringMatching(says) as string },
    ]);
  });

  it('wants the right to write routes if a Gateway publishes, and roles for observability', async () => {
    const groups = ['', 'apps', 'batch', 'policy', 'autoscaling'];
    const apiGroups = [...groups, 'networking.k8s.io', 'coordination.k8s.io'];
    const resourceRules = [
      { verbs: ['*'], apiGroups, resources: ['*'] },
      { verbs: ['get', 'list'], apiGroups: ['gateway.networking.k8s.io'], resources: ['*'] },
    ];
    const answer = cluster((line) =>
      line.includes(' create ')
        ? { stdout: JSON.stringify({ status: { resourceRules } }) }
        : undefined,
    );
    const rights = async (more?: string) =>
      (await doctor(answer, more)).checks.find(({ what }) => what === 'rights');
    expect(await rights()).toMatchObject({ level: 'ok' });
    const refused = await rights('gateway: { name: public, namespace: infra }\n');
    expect(refused?.says).toContain('create, patch, delete httproutes.gateway.networking.k8s.io');
    const mesh = await rights('mesh: istio\n');
    expect(mesh?.says).toContain('virtualservices.networking.istio.io');
    const observed = await rights('observability: in-cluster\n');
    expect(observed?.says).toContain(
      'get, list, create, patch, delete roles.rbac.authorization.k8s.io',
    );
  });

  it('warns if the cluster does not tell the rights', async () => {
    const { checks } = await doctor(
      cluster((line) =>
        line.includes(' create ')
          ? { stdout: JSON.stringify({ status: { incomplete: true, resourceRules: [] } }) }
          : undefined,
      ),
    );
    expect(checks.filter(({ level }) => level !== 'ok')).toMatchObject([
      { level: 'warn', what: 'rights' },
    ]);
  });
});
