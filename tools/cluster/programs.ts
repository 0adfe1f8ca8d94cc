import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustRun, run } from '../command.js';
import { LabError, say } from '../program.js';
import { HOME } from './home.js';

const MODULES = join(dirname(fileURLToPath(import.meta.url)), 'programs');
const AN_HOUR_MS = 3_600_000;

/** Programs of one Go module. Its go.sum pins them. */
interface GoPrograms {
  packages: readonly string[];
  /** Build tags. */
  tags?: string;
  /** Set in the programs, like in their own builds. */
  variables?: Readonly<Record<string, string>>;
  /** A folder of the module's source that is kept beside the programs, as `files`. */
  files?: { module: string; folder: string };
  /** How long the first build takes on two processors. */
  minutes: number;
}

/** As in programs/kubernetes/go.mod. */
export const KUBERNETES_VERSION = 'v1.37.2';
const [, MAJOR = '', MINOR = ''] = /^v(\d+)\.(\d+)/.exec(KUBERNETES_VERSION) ?? [];

/** By the folder of their module. */
const PROGRAMS = {
  kubernetes: {
    packages: [
      ...['kubeadm', 'kubectl', 'kubelet', 'kube-proxy'],
      ...['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'],
    ].map((name) => `k8s.io/kubernetes/cmd/${name}`),
    variables: {
      'k8s.io/component-base/version.gitVersion': KUBERNETES_VERSION,
      'k8s.io/component-base/version.gitMajor': MAJOR,
      'k8s.io/component-base/version.gitMinor': MINOR,
    },
    minutes: 14,
  },
  'envoy-gateway': {
    packages: ['github.com/envoyproxy/gateway/cmd/envoy-gateway'],
    files: {
      module: 'github.com/envoyproxy/gateway',
      folder: 'charts/gateway-helm/charts/crds/crds',
    },
    minutes: 7,
  },
  coredns: { packages: ['github.com/coredns/coredns'], minutes: 3 },
  'metrics-server': { packages: ['sigs.k8s.io/metrics-server/cmd/metrics-server'], minutes: 2 },
  'kube-router': {
    packages: ['github.com/cloudnativelabs/kube-router/v2/cmd/kube-router'],
    minutes: 3,
  },
  prometheus: {
    packages: ['prometheus', 'promtool'].map(
      (name) => `github.com/prometheus/prometheus/cmd/${name}`,
    ),
    // Of the twenty clouds that it can ask what runs there, only this one.
    tags: 'remove_all_sd,enable_kubernetes_sd',
    minutes: 5,
  },
  pause: { packages: ['.'], minutes: 0 },
} as const satisfies Record<string, GoPrograms>;

export type ProgramsName = keyof typeof PROGRAMS;

/**
 * The folder with the programs of a module. They are built once per content of its go.mod and go.sum, and then kept.
 *
 * @throws LabError if there is no Go, or the build fails.
 */
export async function ensurePrograms(name: ProgramsName): Promise<string> {
  const { packages, tags = '', variables = {}, files, minutes }: GoPrograms = PROGRAMS[name];
  const module = join(MODULES, name);
  const flags = [
    '-s',
    '-w',
    ...Object.entries(variables).map(([key, text]) => `-X ${key}=${text}`),
  ];
  const build = [...flags, ...(tags === '' ? [] : [tags])];
  const folder = join(HOME, `${name}-${keyOf(module, [...packages, ...build])}`);
  if (existsSync(folder)) return folder;

  await requireGo();
  say(
    `building the programs of ${name}${minutes > 1 ? ` (about ${minutes} minutes, once)` : ''} ...`,
  );
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  await mustRun(
    'go',
    [
      ...['build', '-trimpath', '-tags', tags, '-ldflags', flags.join(' ')],
      ...['-o', `${partial}/`, ...packages],
    ],
    { cwd: module, env: { CGO_ENABLED: '0', GOFLAGS: '' }, withinMs: AN_HOUR_MS },
  );
  if (files) {
    const asked = ['list', '-m', '-f', '{{.Dir}}', files.module];
    const source = (await mustRun('go', asked, { cwd: module })).trim();
    await cp(join(source, files.folder), join(partial, 'files'), { recursive: true });
  }
  await rename(partial, folder);
  return folder;
}

function keyOf(module: string, arguments_: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', 'main.go'].map((name) => join(module, name))) {
    if (existsSync(file)) hash.update(readFileSync(file));
  }
  return hash.update(JSON.stringify(arguments_)).digest('hex').slice(0, 12);
}

async function requireGo(): Promise<void> {
  const { kind } = await run('go', ['version'], { withinMs: 10_000 });
  if (kind !== 'not-found') return;
  throw new LabError(
    'The programs of a Kubernetes cluster are built with Go 1.26 or later, which is not here: install it ' +
      '(https://go.dev/doc/install), or name a test cluster of your own in MICRO_TEST_KUBECONFIG.',
  );
}
