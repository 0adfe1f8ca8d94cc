import { pinnedImage } from '../../deployment/override';
import { clusterOf } from '../../effects/cluster';
import { renderForCluster } from '../../effects/cluster-rendering';
import { readClusterState, readPods, type ClusterState } from '../../effects/cluster-state';
import { countCommitsSince, readGitFacts } from '../../effects/git';
import { observabilityParts } from '../../effects/observability-folder';
import { readBuiltKeys, readPushedImages } from '../../effects/pushed-images';
import { desiredParts, desiredService } from '../../kubernetes/desired-service';
import { identityOf, type LiveObject } from '../../kubernetes/live-object';
import { KEY_ANNOTATION } from '../../kubernetes/object';
import { isWorkload } from '../../kubernetes/part-plan';
import { currentOf, currentRevision } from '../../kubernetes/release-book';
import type { RenderedEntry, RenderedImage, RenderedPlatform } from '../../kubernetes/render';
import { secretsByEntry } from '../../kubernetes/secret-name';
import type { KubernetesEnvironment } from '../../platform/kubernetes-environment';
import type { Platform } from '../../platform/platform';
import { UserError } from '../../platform/user-error';
import type { Shell } from '../shell';
import { reportCluster, type DeclaredObjects } from './cluster-report';
import type { PlatformStatus } from './document';

/** Asks a cluster what runs, with one list per kind, and the workspace what should. */
export async function readClusterStatus(
  shell: Shell,
  platform: Platform,
  environment: KubernetesEnvironment,
): Promise<PlatformStatus> {
  const { workspaceRoot, runner } = shell;
  const { cluster, scope } = clusterOf(runner, platform.name, environment);
  const [state, pods, pushed, built, git] = await Promise.all([
    readClusterState(cluster, scope),
    readPods(cluster, scope),
    readPushedImages(workspaceRoot, platform, environment.name),
    readBuiltKeys(workspaceRoot, platform),
    readGitFacts(runner),
  ]);
  const images = new Map<string, RenderedImage>();
  for (const { name } of platform.services) {
    const push = pushed.get(name);
    const image = push
      ? { key: push.key, image: pinnedImage(push) }
      : runningImage(state.live.get(`Deployment/${name}`));
    if (image) images.set(name, image);
  }
  const revisions = [...state.books.values()].flatMap((book) => currentRevision(book) ?? []);
  return reportCluster({
    ...{ platform, environment, state, pods, built, namespace: scope.namespace },
    parts: observabilityParts(workspaceRoot, environment),
    declared: await readDeclared(shell, platform, environment, { state, images }),
    pushed: new Map([...pushed].map(([name, { key }]) => [name, key])),
    commitsSince: await countCommitsSince(runner, new Set(revisions)),
    now: shell.clock.now(),
    ...(git.commit === undefined ? {} : { commit: git.commit }),
  });
}

interface HasPod {
  spec?: { template?: { spec?: { containers?: readonly { image?: string }[] } } };
}

/** Of a service of which nothing was pushed from here, all but its image is compared. */
function runningImage(live: LiveObject | undefined): RenderedImage | undefined {
  const image = (live as HasPod | undefined)?.spec?.template?.spec?.containers?.[0]?.image;
  const key = live?.metadata.annotations?.[KEY_ANNOTATION];
  return image === undefined || key === undefined ? undefined : { image, key };
}

async function readDeclared(
  shell: Shell,
  platform: Platform,
  environment: KubernetesEnvironment,
  { state, images }: { state: ClusterState; images: ReadonlyMap<string, RenderedImage> },
): Promise<DeclaredObjects> {
  try {
    const rendered = await renderForCluster(shell, platform, environment, images);
    const names = runningSecrets(rendered, state);
    const services = rendered.entries
      .filter(({ kind }) => kind === 'service')
      .map(({ service }) => {
        const desired = desiredService(rendered, service, images.get(service)!, names);
        // Whether a job ran with the present values, a deploy alone can tell.
        return [service, { ...desired, jobs: [] }] as const;
      });
    const parts = desiredParts(rendered, names);
    return { services: new Map(services), shared: rendered.shared, parts };
  } catch (error) {
    // Such as a missing password, or a program that is not installed here.
    if (!(error instanceof UserError)) throw error;
    return { services: new Map(), shared: [], parts: [], problem: error.message };
  }
}

/** A deploy alone reads the values of secrets, so what runs is compared with the Secrets that it has. */
function runningSecrets({ entries }: RenderedPlatform, { secrets, live, books }: ClusterState) {
  const named = secretsByEntry(secrets);
  return new Map(
    entries
      .filter(({ secret }) => secret.variables.length + secret.files.length > 0)
      .flatMap((entry): [string, string][] => {
        const workload = JSON.stringify(live.get(identityOfWorkload(entry)) ?? {});
        const recorded = currentOf(books.get(entry.name))?.secretName;
        const used = named.get(entry.name)?.find((name) => workload.includes(`"${name}"`));
        const name = used ?? recorded;
        return name === undefined ? [] : [[entry.name, name]];
      }),
  );
}

function identityOfWorkload({ objects, name }: RenderedEntry): string {
  return identityOf(objects.find(isWorkload) ?? { kind: 'Deployment', metadata: { name } });
}
