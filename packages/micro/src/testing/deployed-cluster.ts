import type { ClusterState } from '../effects/cluster-state';
import { desiredService } from '../kubernetes/desired-service';
import type { LiveObject } from '../kubernetes/live-object';
import type { KubernetesObject } from '../kubernetes/object';
import { liveObjects, planObject } from '../kubernetes/object-plan';
import type { Pod } from '../kubernetes/pod-trouble';
import { withCurrent } from '../kubernetes/release-book';
import type { RenderedImage, RenderedPlatform } from '../kubernetes/render';

const READY = {
  ...{ observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 },
  ...{ readyReplicas: 1, conditions: [] },
};

/** The state of a cluster after a rendered platform was deployed to it, and its pods, which are all ready. */
export function deployedCluster(
  rendered: RenderedPlatform,
  images: ReadonlyMap<string, RenderedImage>,
  { secrets = new Map<string, string>(), commit = '' } = {},
): { state: ClusterState; pods: Pod[] } {
  const books: ClusterState['books'] = new Map(
    [...images].map(([service, image]) => {
      const desired = desiredService(rendered, service, image, secrets);
      const release = {
        ...{ number: 1, since: '', ...image, hash: desired.hash, objects: desired.recorded },
        ...{ secret: desired.entry.secret, jobs: [] },
        ...(commit === '' ? {} : { commit }),
      };
      return [service, withCurrent(undefined, release, 10)];
    }),
  );
  const all = [...images].flatMap(([service, image]) => {
    const { entry, datastores } = desiredService(rendered, service, image, secrets);
    return [entry, ...datastores];
  });
  const objects = [...rendered.shared, ...all.flatMap((entry) => entry.objects)].map(applied);
  return {
    state: { objects, live: liveObjects(objects), books, secrets: new Set(secrets.values()) },
    pods: all.map(({ name, objects: own }) => readyPod(name, own)),
  };
}

function applied(object: KubernetesObject): LiveObject {
  const live = structuredClone(planObject(object, new Map()).object) as LiveObject;
  return { ...live, metadata: { ...live.metadata, generation: 1 }, status: READY };
}

interface HasPod {
  spec?: { template?: { spec?: { containers: { image?: string }[] } } };
}

function readyPod(name: string, objects: readonly KubernetesObject[]): Pod {
  const containers = objects.flatMap(
    (object) => (object as HasPod).spec?.template?.spec?.containers ?? [],
  );
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${name}-1`, uid: name, labels: { 'app.kubernetes.io/name': name } },
    spec: { containers: containers.map(({ image = '' }) => ({ name, image })) },
    status: {
      phase: 'Running',
      startTime: '2026-11-21T11:00:00Z',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ name, ready: true, started: true, restartCount: 0, state: {} }],
    },
  };
}
