import { mustRun, run, succeeded } from '../command.js';

/** The state of one service outside of its workspace: on the engine and in the registry. */
export interface ServiceState {
  /** Id of the image of the last build; undefined if the engine has none. */
  imageId: string | undefined;
  /** `k-…` */
  keyTag: string | undefined;
  /** When the engine last gave that image a name. Every build does that, even if the content is equal. */
  taggedAt: string | undefined;
  /** Digest of the key's tag in the registry; undefined if it does not exist. */
  digest: string | undefined;
  /** Ids of running containers, sorted. */
  containers: string[];
}

export interface Place {
  /** `127.0.0.1:5000` */
  registry: string;
  platform: string;
  /** Name of the Compose project. */
  project: string;
}

export type PlatformState<Service extends string> = Record<Service, ServiceState>;

export async function readState<Service extends string>(
  place: Place,
  services: readonly Service[],
): Promise<PlatformState<Service>> {
  const states = services.map(
    async (service) => [service, await readServiceState(place, service)] as const,
  );
  return Object.fromEntries(await Promise.all(states)) as PlatformState<Service>;
}

/** The services for which the two states differ in this field, in the order of the first. */
export function changedIn<Service extends string>(
  before: PlatformState<Service>,
  after: PlatformState<Service>,
  fact: keyof ServiceState,
): Service[] {
  return (Object.keys(before) as Service[]).filter(
    (service) => String(before[service][fact]) !== String(after[service][fact]),
  );
}

async function readServiceState(
  { registry, platform, project }: Place,
  service: string,
): Promise<ServiceState> {
  const repository = `${platform}/${service}`;
  const [image, containers] = await Promise.all([
    readImage(`${repository}:local`),
    listContainers(
      `com.docker.compose.project=${project}`,
      `com.docker.compose.service=${service}`,
    ),
  ]);
  const keyTag = image?.tags.find((tag) => tag.startsWith(`${repository}:k-`))?.split(':')[1];
  return {
    imageId: image?.id,
    keyTag,
    taggedAt: image?.taggedAt,
    digest: keyTag && (await readDigest(registry, repository, keyTag)),
    containers,
  };
}

async function readImage(reference: string) {
  const outcome = await run('docker', ['image', 'inspect', reference]);
  if (!succeeded(outcome)) return undefined;
  const [image] = JSON.parse(outcome.stdout) as {
    Id: string;
    RepoTags: string[];
    Metadata: { LastTagTime: string };
  }[];
  return { id: image!.Id, tags: image!.RepoTags, taggedAt: image!.Metadata.LastTagTime };
}

/** The edge's address for the gateway of a Compose project, if there is only one. */
export async function publishedUrl(project: string): Promise<string> {
  const [edge] = await listContainers(
    `com.docker.compose.project=${project}`,
    'com.docker.compose.service=micro-edge',
  );
  if (edge === undefined) throw new Error(`no edge runs in ${project}`);
  const ports = (await mustRun('docker', ['port', edge])).trim().split('\n');
  return `http://${ports[0]!.split(' ').at(-1)!}`;
}

/** Ids of running containers with all of these labels, sorted. */
async function listContainers(...labels: string[]): Promise<string[]> {
  const filters = labels.flatMap((label) => ['--filter', `label=${label}`]);
  const stdout = await mustRun('docker', ['ps', '--quiet', '--no-trunc', ...filters]);
  return stdout.split('\n').filter(Boolean).sort();
}

const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Asks the registry itself, instead of reading a receipt. */
export async function readDigest(
  registry: string,
  repository: string,
  tag: string,
): Promise<string | undefined> {
  const response = await fetch(`http://${registry}/v2/${repository}/manifests/${tag}`, {
    method: 'HEAD',
    headers: { accept: MANIFEST_TYPES },
  });
  return response.ok ? (response.headers.get('docker-content-digest') ?? undefined) : undefined;
}
