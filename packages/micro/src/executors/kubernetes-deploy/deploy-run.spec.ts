import { describe, expect, it } from 'vitest';
import type { LiveObject } from '../../kubernetes/live-object';
import { BUILD_RECEIPT } from '../../testing/build-receipt';
import { deployRecorded, printWritten } from '../../testing/recorded-deploy';
import { failure, type Answer } from '../../testing/recording-runner';
import { recordedTask } from '../../testing/service-task';
import type { DeployOptions } from '../deploy-options';

const ENVIRONMENT = `engine: kubernetes
context: far
registry: reg.example.com
lockTimeout: 3s
`;
const DIGEST = `sha256:${'a'.repeat(64)}`;
const IMAGE = 'reg.example.com/acme/orders:k-1';
const PUSH = {
  ...{ kind: 'pushed', service: 'orders', key: 'k1', environment: 'production' },
  ...{ image: IMAGE, digest: DIGEST, tags: [], since: '2026-11-27T12:00:00.000Z' },
};
const COMPOSE = { services: { orders: { environment: { PORT: '3001' } } } };

const FILES = {
  'package.json': JSON.stringify({ name: '@acme/source' }),
  'compose.yaml': '',
  'apps/orders/package.json': JSON.stringify({ name: 'orders' }),
  'environments/production.yml': ENVIRONMENT,
  'dist/receipts/apps/orders/docker-push.production.json': JSON.stringify(PUSH),
};

const RULES = { resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] };

/** What an empty cluster answers, unless a case says something else. */
const emptyCluster: Answer = (line, command) => {
  const { args } = command;
  if (args.includes('--validate=false')) return { stdout: JSON.stringify({ status: RULES }) };
  if (line.startsWith('docker')) return { stdout: JSON.stringify(COMPOSE) };
  if (line.startsWith('git')) return failure('not a git repository', 128);
  if (args.includes('namespace')) return { stdout: '{"status":{"phase":"Active"}}' };
  if (args.includes('create') || args.includes('replace')) return printWritten(command);
  if (args.includes('lease') || args.includes('secret') || args.includes('secrets')) return {};
  if (line.includes('pods')) return { stdout: JSON.stringify({ items: [READY] }) };
  return { stdout: '{"items":[]}' };
};

const READY = {
  ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
  metadata: { name: 'orders', labels: { 'app.kubernetes.io/name': 'orders' } },
  spec: { replicas: 1 },
  status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 },
};

async function deploy(answer: Answer = emptyCluster, more: DeployOptions = {}, files: object = {}) {
  const task = recordedTask({ ...FILES, ...files }, answer);
  const failures = await deployRecorded(task, more);
  const kubectl = task.runner.lines.filter((line) => line.startsWith('kubectl'));
  return { failures, said: task.said, kubectl, commands: task.runner.commands };
}

/** The same cluster, but for one command. */
const except =
  (part: string, stderr: string): Answer =>
  (line, command) =>
    line.includes(part) ? failure(stderr) : emptyCluster(line, command);

describe('a deploy to a cluster', () => {
  it('names the context in every command, and applies server-side with a manager of its own', async () => {
    const { failures, kubectl, said } = await deploy();
    expect(failures).toEqual(new Map());
    const at = 'kubectl --context far --namespace acme-production ';
    expect(kubectl.filter((line) => !line.startsWith(at))).toEqual([]);
    const apply =
      'apply --server-side --force-conflicts --validate=strict --field-manager=org-micro';
    const writes = kubectl
      .map((line) => line.slice(at.length))
      .filter((line) => !/^get|--validate=false/.test(line));
    expect(writes).toEqual([
      'create --filename - --output json',
      `${apply} --filename -`,
      `${apply} --filename -`,
      `${apply} --filename -`,
      'replace --filename - --output json',
    ]);
    expect(said.at(-2)).toContain('r1 in production');
  });

  it('writes nothing for an image that is not signed, and checks each before', async () => {
    const files = {
      'environments/production.yml': `${ENVIRONMENT}verify: { key: cosign.pub }\n`,
      'cosign.pub': '',
    };
    const unsigned: Answer = (line, command) =>
      line.startsWith('cosign verify')
        ? failure('Error: no signatures found', 10)
        : emptyCluster(line, command);
    const { failures, kubectl } = await deploy(unsigned, {}, files);
    expect(failures.get('orders')?.message).toMatch(
      /^reg\.example\.com\/acme\/orders:k-1@sha256:a+ is not signed by cosign\.pub/,
    );
    expect(kubectl.filter((line) => !/ get /.test(line))).toEqual([]);
    const signed = await deploy(emptyCluster, {}, files);
    expect(signed.failures).toEqual(new Map());
    expect(signed.said.at(-2)).toContain('r1 in production');
  });

  it('with --plan writes nothing', async () => {
    const { kubectl, said } = await deploy(emptyCluster, { plan: true });
    expect(kubectl.filter((line) => !/ get /.test(line))).toEqual([]);
    expect(said[0]).toBe('plan for production (namespace acme-production, context far)');
  });

  it('with --plan plans for the last build, although it is neither pushed nor signed', async () => {
    const files = {
      'environments/production.yml': `${ENVIRONMENT}verify: { key: cosign.pub }\n`,
      'cosign.pub': '',
      'dist/receipts/apps/orders/docker-build.json': JSON.stringify(BUILD_RECEIPT),
    };
    const image = `reg.example.com/acme/orders:k-${'a'.repeat(32)}`;
    const { failures, said } = await deploy(emptyCluster, { plan: true, json: true }, files);
    expect(failures).toEqual(new Map());
    expect(JSON.parse(said[0]!)).toMatchObject({ services: [{ service: 'orders', image }] });
  });

  it('with --plan --json prints its plan alone', async () => {
    const { said } = await deploy(emptyCluster, { plan: true, json: true });
    expect(said).toHaveLength(1);
    expect(JSON.parse(said[0]!)).toMatchObject({
      ...{ version: 1, engine: 'kubernetes', environment: 'production', context: 'far' },
      services: [{ service: 'orders', action: 'create', image: `${IMAGE}@${DIGEST}` }],
    });
  });

  it.each([
    [
      'another context',
      except(' get ', 'error: context "far" does not exist'),
      'there is no kubectl context "far", which environments/production.yml names',
    ],
    [
      'no cluster',
      except(' get ', 'The connection to the server 10.0.0.1:6443 was refused - did you specify'),
      'the cluster of the context far does not answer (10.0.0.1:6443)',
    ],
    [
      'credentials that have expired',
      except(' get ', 'error: You must be logged in to the server (Unauthorized)'),
      'the cluster of the context far does not accept these credentials',
    ],
    [
      'no rights for one kind',
      except(
        'deployments.apps',
        'Error from server (Forbidden): deployments.apps is forbidden: User "ci" cannot list resource',
      ),
      'the user of the context far may not do this (deployments.apps is forbidden: User "ci" cannot list resource). Ask for a Role in the namespace acme-production',
    ],
    [
      'no namespace',
      except(
        'get namespace',
        'Error from server (NotFound): namespaces "acme-production" not found',
      ),
      'there is no namespace acme-production: kubectl --context far create namespace acme-production',
    ],
  ])('stops at %s', async (_, answer, message) => {
    await expect(deploy(answer)).rejects.toThrow(message);
  });

  it('stops at a namespace that is being deleted', async () => {
    const answer: Answer = (line, command) =>
      line.includes('get namespace')
        ? { stdout: '{"status":{"phase":"Terminating"}}' }
        : emptyCluster(line, command);
    await expect(deploy(answer)).rejects.toThrow('the namespace acme-production is being deleted');
  });

  it('may not see the namespace itself, and deploys into it', async () => {
    const words = 'Error from server (Forbidden): namespaces "acme-production" is forbidden';
    expect((await deploy(except('get namespace', words))).failures).toEqual(new Map());
  });

  it('says which target an environment for Compose needs', async () => {
    const files = { 'environments/production.yml': 'engine: compose\n' };
    await expect(deploy(emptyCluster, {}, files)).rejects.toThrow(
      'environments/production.yml is for Compose: run nx compose-deploy -c production',
    );
  });

  it('says that nothing was pushed', async () => {
    const files = { 'dist/receipts/apps/orders/docker-push.production.json': '{}' };
    const { failures, kubectl } = await deploy(emptyCluster, {}, files);
    expect(failures.get('orders')?.message).toContain('no image of "orders" was pushed');
    expect(kubectl.filter((line) => !/ get /.test(line))).toEqual([]);
  });

  it('writes no object if the user may not write all of them', async () => {
    const resourceRules = [{ verbs: ['*'], apiGroups: ['', 'apps'], resources: ['*'] }];
    const { failures, kubectl } = await deploy((line, command) =>
      command.args.includes('--validate=false')
        ? { stdout: JSON.stringify({ status: { resourceRules } }) }
        : emptyCluster(line, command),
    );
    expect(failures.get('orders')?.message).toBe(
      'orders was not changed: the user of the context far may not create, patch networkpolicies.networking.k8s.io. Ask for a Role in the namespace acme-production that allows it; "micro doctor" lists all that is missing',
    );
    expect(kubectl.filter((line) => / (?:apply|delete) /.test(line))).toEqual([]);
  });

  it('gives a Lease back if the roll fails, and removes what a first deploy made', async () => {
    const { failures, kubectl } = await deploy((line, command) => {
      const isObjects = line.includes(' apply ') && String(command.stdin).includes('"Deployment"');
      return isObjects
        ? failure('Error: admission webhook denied it')
        : emptyCluster(line, command);
    });
    expect(failures.get('orders')?.message).toMatch(
      /admission webhook denied it\norders did not run before, so its objects were removed/,
    );
    expect(kubectl.at(-2)).toContain(
      'delete serviceaccount/orders service/orders deployment/orders',
    );
    expect(kubectl.at(-1)).toContain(' replace ');
  });

  it('waits for an API server that is restarted while it takes the Lease', async () => {
    let creates = 0;
    const { failures } = await deploy((line, command) =>
      line.includes('create --filename') && !line.includes('--validate=false') && ++creates === 1
        ? failure('The connection to the server 10.0.0.1:6443 was refused - did you')
        : emptyCluster(line, command),
    );
    expect(failures).toEqual(new Map());
    expect(creates).toBe(2);
  });

  it('waits for whoever has the Lease, and names them', async () => {
    let beats = 0;
    const answer: Answer = (line, command) => {
      if (!line.includes('get lease')) return emptyCluster(line, command);
      const annotations = {
        'org.micro/lock': JSON.stringify({ user: 'ada@laptop', pid: 7, run: 'r', command: 'x' }),
      };
      beats++;
      return {
        stdout: JSON.stringify({
          ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' },
          metadata: { name: 'l', resourceVersion: '1', annotations },
          spec: { holderIdentity: 'id', renewTime: `2026-11-27T12:00:0${beats % 10}.000000Z` },
        }),
      };
    };
    await expect(deploy(answer)).rejects.toThrow(/is held by ada@laptop since .*--break-lock/);
  });

  it.each<[string, DeployOptions]>([
    ['a deploy', {}],
    ['--plan', { plan: true }],
  ])(
    '%s refuses objects of the same name that somebody else made, and writes nothing',
    async (_, more) => {
      const { failures, kubectl } = await deploy((line, command) => {
        const isList = line.includes('deployments.apps') && line.includes('--output name');
        return isList
          ? { stdout: 'deployment.apps/orders\nservice/kubernetes\nserviceaccount/orders\n' }
          : emptyCluster(line, command);
      }, more);
      expect(failures.get('orders')?.message).toBe(
        'orders was not changed: the namespace acme-production has serviceaccount/orders, deployment/orders, which no deploy of acme to production made. Delete what is not needed, or write another "namespace" into environments/production.yml',
      );
      expect(kubectl.filter((line) => / (?:apply|delete|create|replace) /.test(line))).toEqual([]);
    },
  );

  it('goes back to the pods that ran before if somebody else applied them, and only then', async () => {
    const labels = { 'app.kubernetes.io/name': 'orders' };
    const annotations = { 'deployment.kubernetes.io/revision': '4' };
    const live = { ...READY, metadata: { name: 'orders', labels, annotations } };
    const { failures, kubectl } = await deploy((line, command) => {
      if (line.includes('deployments.apps') && !line.includes('pods')) {
        return { stdout: JSON.stringify({ items: [live] }) };
      }
      if (line.includes(' apply ') && String(command.stdin).includes('"Deployment"')) {
        return failure('Error from server (Invalid): spec.selector: field is immutable');
      }
      return emptyCluster(line, command);
    });
    expect(failures.get('orders')?.message).toContain('field is immutable');
    expect(kubectl.filter((line) => / (?:rollout|delete) /.test(line))).toEqual([
      'kubectl --context far --namespace acme-production rollout undo deployment/orders --to-revision=4',
    ]);
  });

  it('gives the number of pods back to the autoscaler if a deploy that fixes it fails', async () => {
    const scaled = { orders: { autoscale: { min: 1, max: 5, cpu: 70 } } };
    const environment = `${ENVIRONMENT}services: ${JSON.stringify(scaled)}\n`;
    const first = await deploy(emptyCluster, {}, { 'environments/production.yml': environment });
    const applied = first.commands.flatMap(({ stdin }) => {
      const { items = [] } = JSON.parse(String(stdin ?? '{}')) as { items?: LiveObject[] };
      return items;
    });
    const live = applied.map((object) =>
      object.kind === 'Deployment'
        ? { ...object, spec: { ...(object.spec as object), replicas: 4 } }
        : object,
    );
    const { failures, kubectl, commands } = await deploy((line, command) => {
      if (line.includes('deployments.apps') && !line.includes('pods')) {
        return { stdout: JSON.stringify({ items: live }) };
      }
      if (line.includes(' apply ') && String(command.stdin).includes('"replicas":1')) {
        return failure('Error from server (Invalid): no');
      }
      return emptyCluster(line, command);
    });
    expect(failures.get('orders')?.message).toContain('orders runs r1 as before');
    const handed = commands.findIndex(({ args }) => args.join(' ').includes('org-micro-handover'));
    expect(JSON.parse(String(commands[handed]!.stdin))).toMatchObject({ spec: { replicas: 4 } });
    expect(commands[handed + 1]!.args).toContain('apply');
    expect(kubectl.filter((line) => line.includes('handover'))).toHaveLength(1);
  });
});
