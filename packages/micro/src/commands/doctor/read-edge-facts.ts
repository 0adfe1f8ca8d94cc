import { X509Certificate } from 'node:crypto';
import { edgeContainers } from '../../deployment/edge-plan';
import { addressOf, projectNameOf } from '../../deployment/project';
import type { Publication } from '../../edge/publication';
import { readProjectContainers } from '../../effects/containers';
import { readEdgeFiles, type EdgeFiles } from '../../effects/edge-files';
import { type EngineMachine, readEngineMachine, resolveHost } from '../../effects/host-address';
import { readServedCertificate } from '../../effects/served-certificate';
import type { Environment } from '../../platform/environment';
import type { Platform } from '../../platform/platform';
import { formatProblem, PlatformError } from '../../platform/problem';
import type { HostPublish } from '../../platform/publish';
import type { Shell } from '../shell';
import type { CertificateFact, EdgeFacts, HostFact } from './edge-checks';

/** A host name that is published, with the service behind it. */
interface PublishedHost {
  service: string;
  host: string;
  publish: HostPublish;
}

/** Looks at what the edge of an environment needs from outside: names, certificates and keys. */
export async function readEdgeFacts(
  shell: Shell,
  platform: Platform,
  environment: Environment,
  publications: readonly Publication[],
): Promise<EdgeFacts> {
  const hosts = publications.flatMap(({ service, publish }) =>
    publish.kind === 'host' ? publish.hosts.map((host) => ({ service, host, publish })) : [],
  );
  const { files, problems } = await readFiles(shell, environment);
  const machine = await readEngineMachine(shell.runner, environment);
  const isUp = await runsEdge(shell, platform, environment);
  return {
    problems,
    hosts: await Promise.all(hosts.map((one) => readHost(one, machine))),
    certificates: (
      await Promise.all(hosts.map((one) => readCertificate(one, files, isUp ? machine : undefined)))
    ).flat(),
  };
}

async function readFiles(
  { workspaceRoot, runner, clock }: Shell,
  environment: Environment,
): Promise<{ files?: EdgeFiles; problems: string[] }> {
  try {
    const now = new Date(clock.now());
    return {
      files: await readEdgeFiles({ workspaceRoot, runner, environment, now }),
      problems: [],
    };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return { problems: error.problems.map(formatProblem) };
  }
}

async function runsEdge(
  { runner }: Shell,
  platform: Platform,
  environment: Environment,
): Promise<boolean> {
  const project = projectNameOf(platform.name, environment);
  const containers = await readProjectContainers(runner, addressOf(environment), project);
  return edgeContainers(containers).container !== undefined;
}

async function readHost(
  { host, publish }: PublishedHost,
  machine: EngineMachine | undefined,
): Promise<HostFact> {
  return {
    host,
    tls: publish.tls.kind,
    addresses: await resolveHost(nameIn(host)),
    ...(machine ? { engine: machine.addresses } : {}),
  };
}

/** The file of one's own certificate, or what the edge shows; nothing is known before it runs. */
async function readCertificate(
  { service, host, publish }: PublishedHost,
  files: EdgeFiles | undefined,
  machine: EngineMachine | undefined,
): Promise<CertificateFact[]> {
  const { tls, https, address } = publish;
  if (tls.kind === 'none' || https === undefined) return [];
  if (tls.kind === 'own') {
    const pair = files?.keyPairs.get(service);
    if (!pair) return [];
    const { validFromDate: from, validToDate: to } = new X509Certificate(pair.certificate);
    return [{ host, tls: 'own', found: { from, to, covers: true } }];
  }
  if (!machine) return [];
  const at = address === undefined || address === '0.0.0.0' ? machine.reachedBy : address;
  const found = await readServedCertificate(at, https, nameIn(host));
  return [{ host, tls: tls.kind, found }];
}

/** Any name of a domain stands for all of them. */
function nameIn(host: string): string {
  return host.replace(/^\*/, 'any');
}
