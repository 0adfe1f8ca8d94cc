import type { ExecutorContext } from '@nx/devkit';
import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../effects/clock';
import { Interrupted } from '../effects/interruption';
import { processRunner, type Runner } from '../effects/process';
import type { DeployOptions } from '../executors/deploy-options';
import { deployRun } from '../executors/kubernetes-deploy/deploy-run';
import { readServiceTask } from '../executors/service-task';
import { writeFiles } from './temporary-workspace';

/** What a test cluster is reached by. */
export interface TestCluster {
  kubeconfig: string;
  context: string;
  kubectl: string;
  registry: string;
}

/** How a deploy ended: what it printed, and the message of each service that failed. */
export interface Deployed {
  output: string;
  failures: Record<string, string>;
}

const SERVER = `
const { createServer } = require('node:http');
const { VERSION, PORT, CRASH, NEVER_READY, FAIL_EVERY, WORK } = process.env;
const answered = { 200: 0, 500: 0 };
console.log('starting', VERSION);
if (CRASH) {
  console.error('no such table: orders');
  process.exit(3);
}
const server = createServer((request, response) => {
  if (request.url === '/metrics') {
    const lines = Object.entries(answered).map(([status, count]) => 'http_requests_total{status="' + status + '"} ' + count);
    return response.end(lines.join('\\n') + '\\n');
  }
  const isProbe = request.url === '/health' || request.url === '/ready';
  const { 200: good, 500: bad } = answered;
  // Keeps a processor busy for so many milliseconds.
  for (const until = Date.now() + Number(WORK ?? 0); Date.now() < until; );
  response.statusCode = request.url === '/ready' && NEVER_READY ? 503 : 200;
  if (!isProbe && FAIL_EVERY && (good + bad) % Number(FAIL_EVERY) === 0) response.statusCode = 500;
  if (!isProbe) answered[response.statusCode]++;
  response.end(VERSION);
});
server.listen(Number(PORT));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;

/** A workspace on disk with a namespace of its own on a real cluster. */
export class ClusterWorkspace {
  readonly root = mkdtempSync(join(tmpdir(), 'micro-cluster-'));
  readonly platform = `spec-${randomUUID().slice(0, 8)}`;
  readonly namespace = this.platform;
  /** Services with their keys in the environment. */
  private readonly services = new Map<string, string>();
  private readonly images: string[] = [];
  private readonly last = new Map<string, string>();

  constructor(
    readonly cluster: TestCluster,
    private readonly head: string | ((namespace: string) => string) = '',
    private readonly healthTimeout = '40s',
  ) {
    process.env['KUBECONFIG'] = cluster.kubeconfig;
    // The program of that cluster first, as people have it.
    if (isAbsolute(cluster.kubectl)) {
      process.env['PATH'] = `${dirname(cluster.kubectl)}:${process.env['PATH']}`;
    }
    this.kubectl('create', 'namespace', this.namespace);
    const level = 'pod-security.kubernetes.io/enforce=restricted';
    this.kubectl('label', 'namespace', this.namespace, level);
    writeFiles(this.root, {
      'package.json': JSON.stringify({ name: `@${this.platform}/source`, private: true }),
    });
  }

  /** @param here its keys in the environment, as JSON. */
  addService(name: string, port: number, { manifest = '', compose = '', here = {} } = {}): void {
    this.set(name, here);
    this.writeIncludes();
    writeFiles(this.root, {
      [`apps/${name}/package.json`]: JSON.stringify({ name }),
      [`apps/${name}/service.yml`]: `port: ${port}\n${manifest}`,
      [`apps/${name}/compose.yaml`]: `services:
  ${name}:
    image: ${name}:local
    stop_grace_period: 2s
    environment: { PORT: "${port}" }
${compose}`,
    });
  }

  /** The service leaves the workspace; what runs of it stays. */
  removeService(name: string): void {
    this.services.delete(name);
    rmSync(join(this.root, 'apps', name), { recursive: true });
    this.writeIncludes();
    this.writeEnvironment();
  }

  private writeIncludes(): void {
    const include = [...this.services.keys()].map((one) => `  - apps/${one}/compose.yaml\n`);
    const text = `name: ${this.platform}\ninclude:\n${include.join('')}`;
    writeFiles(this.root, { 'compose.yaml': text });
  }

  /** Writes what the environment says of a service. */
  set(name: string, here: object): void {
    this.services.set(name, JSON.stringify(here));
    this.writeEnvironment();
  }

  private writeEnvironment(): void {
    const lines = [...this.services].map(([service, keys]) => `  ${service}: ${keys}\n`);
    writeFiles(this.root, {
      'environments/cluster.yml': `engine: kubernetes
context: ${this.cluster.context}
namespace: ${this.namespace}
registry: ${this.cluster.registry}
healthTimeout: ${this.healthTimeout}
${typeof this.head === 'string' ? this.head : this.head(this.namespace)}services:
${lines.join('')}`,
    });
  }

  /**
   * Builds an image of this version, pushes it and leaves the receipt of docker-push.
   * @param packages of this repository that the program needs, none of which needs others.
   */
  push(name: string, version: string, program = SERVER, packages: readonly string[] = []): void {
    const key = createHash('sha256').update(`${this.platform}${name}${version}`).digest('hex');
    const image = `${this.cluster.registry}/${this.platform}/${name}:k-${key.slice(0, 12)}`;
    this.build(image, version, program, packages);
    docker(['push', '--quiet', image]);
    this.images.push(image);
    const [digest] = docker(['image', 'inspect', '--format', '{{index .RepoDigests 0}}', image])
      .split('@')
      .slice(1);
    this.pushed(name, { key, image, digest: digest! });
  }

  private build(image: string, version: string, program: string, packages: readonly string[]) {
    const folder = mkdtempSync(join(tmpdir(), 'micro-image-'));
    try {
      writeFiles(folder, {
        Dockerfile: `FROM node:24-bookworm-slim\nENV VERSION=${version}\nCOPY . /app\nUSER node\nCMD ["node", "/app/server.js"]\n`,
        'server.js': program,
      });
      for (const one of packages) {
        const from = join(process.cwd(), 'node_modules', one);
        cpSync(from, join(folder, 'node_modules', one), { recursive: true });
      }
      docker(['build', '--quiet', '--tag', image, folder]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** The receipt of a push. */
  pushed(name: string, what: { key: string; image: string; digest: string }): void {
    this.last.set(name, `${what.image}@${what.digest}`);
    const kind = { kind: 'pushed', service: name, environment: 'cluster' };
    const receipt = { ...kind, ...what, tags: [], since: '2026-11-27T12:00:00.000Z' };
    writeFiles(this.root, {
      [`dist/receipts/apps/${name}/docker-push.cluster.json`]: JSON.stringify(receipt),
    });
  }

  write(files: Readonly<Record<string, string>>): void {
    writeFiles(this.root, files);
  }

  edit(path: string, change: (text: string) => string): void {
    writeFiles(this.root, { [path]: change(readFileSync(join(this.root, path), 'utf8')) });
  }

  /** Deploys services together, as the executor does. */
  async deploy(
    services: readonly string[] = [...this.services.keys()],
    options: DeployOptions = {},
    { runner = processRunner(this.root), signal = new AbortController() }: DeployWith = {},
  ): Promise<Deployed> {
    const said: string[] = [];
    const say = (line: string) => void said.push(line);
    const context = this.context();
    const failures = await deployRun({
      workspaceRoot: this.root,
      platformName: this.platform,
      runner,
      clock: systemClock,
      tasks: services.map((name) => readServiceTask(context, name, runner, say)),
      options: { environment: 'cluster', ...options },
      tell: say,
      interruption: {
        signal: signal.signal,
        trigger: (why) => signal.abort(new Interrupted(why)),
        dispose: () => undefined,
      },
    });
    return {
      output: said.join('\n'),
      failures: Object.fromEntries([...failures].map(([name, { message }]) => [name, message])),
    };
  }

  kubectl(...args: string[]): string {
    const { kubeconfig, kubectl } = this.cluster;
    const all = ['--kubeconfig', kubeconfig, '--namespace', this.namespace, ...args];
    return execFileSync(kubectl, all, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  }

  /** Applies an object to the namespace. */
  apply(object: object): void {
    const path = join(this.root, 'applied.json');
    writeFiles(this.root, { 'applied.json': JSON.stringify(object) });
    this.kubectl('apply', '--server-side', '--filename', path);
  }

  /** Opens a port of the nodes to a service, which everybody may then reach. @returns its address. */
  publishOnNode(service: string): string {
    const name = `${service}-load`;
    this.kubectl('expose', 'deployment', service, `--name=${name}`, '--type=NodePort');
    this.apply({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name },
      spec: {
        podSelector: { matchLabels: { 'app.kubernetes.io/name': service } },
        ingress: [{}],
      },
    });
    const port = this.kubectl(
      ...['get', 'service', name, '--output', 'jsonpath={.spec.ports[0].nodePort}'],
    );
    const nodes = this.kubectl(
      ...['get', 'nodes', '--output'],
      'jsonpath={.items[*].status.addresses[?(@.type=="InternalIP")].address}',
    );
    return `http://${nodes.split(' ')[0]}:${port}/`;
  }

  /** The version of every object of the platform: what is written has another one. */
  versions(): Record<string, string> {
    const kinds =
      'deployments,services,serviceaccounts,networkpolicies,configmaps,secrets,jobs,statefulsets,hpa,pdb,leases,pods';
    const format =
      '{range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}';
    const ours = ['--selector', `app.kubernetes.io/part-of=${this.platform}`];
    const text = this.kubectl('get', kinds, ...ours, '--output', `jsonpath=${format}`);
    return Object.fromEntries(text.split('\n').map((line) => line.split(' ') as [string, string]));
  }

  /** Waits until no pod is ending any more, so that the cluster writes nothing by itself. */
  async settled(): Promise<void> {
    const format = 'jsonpath={.items[*].metadata.deletionTimestamp}';
    while (this.kubectl('get', 'pods', '--output', format) !== '') await sleep(500);
  }

  /** The images that the pods of a service run, each once; pods that end are none. */
  served(service: string): string[] {
    const selector = ['--selector', `app.kubernetes.io/name=${service}`];
    const { items } = JSON.parse(this.kubectl('get', 'pods', ...selector, '--output', 'json')) as {
      items: RunningPod[];
    };
    const images = items
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ spec }) => spec.containers[0]!.image);
    return [...new Set(images)].sort();
  }

  /** The image that was pushed last of a service, as pods name it. */
  image(service: string): string | undefined {
    return this.last.get(service);
  }

  remove(): void {
    this.kubectl('delete', 'namespace', this.namespace, '--wait=false');
    for (const image of this.images) docker(['image', 'rm', '--force', image]);
    rmSync(this.root, { recursive: true, force: true });
  }

  private context(): ExecutorContext {
    const names = [...this.services.keys()];
    const projects = Object.fromEntries(names.map((name) => [name, { root: `apps/${name}` }]));
    return {
      root: this.root,
      cwd: this.root,
      isVerbose: false,
      projectsConfigurations: { version: 2, projects },
      nxJsonConfiguration: {},
      projectGraph: { nodes: {}, dependencies: {} },
    };
  }
}

interface RunningPod {
  metadata: { deletionTimestamp?: string };
  spec: { containers: { image: string }[] };
}

interface DeployWith {
  runner?: Runner;
  signal?: AbortController;
}

function docker(args: readonly string[]): string {
  return execFileSync('docker', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}
