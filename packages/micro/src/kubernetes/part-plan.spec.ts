import { describe, expect, it } from 'vitest';
import type { DesiredEntry } from './desired-service';
import type { LiveObject } from './live-object';
import type { KubernetesObject } from './object';
import { liveObjects, planObject } from './object-plan';
import { changesPart, planPart, whyPart } from './part-plan';

const labels = { 'app.kubernetes.io/name': 'grafana' };
const set = (image: string, sizes = ['8Gi']): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'grafana', labels },
  spec: {
    serviceName: 'grafana',
    selector: { matchLabels: labels },
    template: { spec: { containers: [{ name: 'grafana', image }] } },
    volumeClaimTemplates: sizes.map((storage, index) => ({
      metadata: { name: `data-${index}` },
      spec: { resources: { requests: { storage } } },
    })),
  },
});
const config = (text: string, name = 'grafana-files-0'): KubernetesObject => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels } },
  data: { 'a.json': text },
});
const entry = (objects: KubernetesObject[], secretName = 'grafana-0123456789'): DesiredEntry => ({
  ...{ name: 'grafana', kind: 'observability', objects, secretName },
  secret: { variables: ['PASSWORD'], files: [] },
});
const applied = (object: KubernetesObject) => planObject(object, new Map()).object as LiveObject;

function plan(
  declared: DesiredEntry,
  there: readonly KubernetesObject[],
  secrets: string[] = ['grafana-0123456789'],
) {
  const live = liveObjects(there.map(applied));
  return planPart(declared, { live, books: new Map(), secrets: new Set(secrets) });
}

describe('the plan of a part', () => {
  const before = [config('{}'), set('grafana:12.2.0')];

  it('creates what is not there', () => {
    const found = plan(entry(before), [], []);
    expect(found).toMatchObject({ action: 'create', secret: true });
    expect(whyPart(found)).toEqual(['it is not running']);
  });

  it('writes nothing if all is as declared', () => {
    const found = plan(entry(before), before);
    expect([found.action, changesPart(found), whyPart(found)]).toEqual(['keep', false, []]);
  });

  it('changes what differs, with the cause', () => {
    const found = plan(entry([config('[]'), set('grafana:12.3.0')]), before);
    expect(found.action).toBe('change');
    expect(whyPart(found)).toEqual(['ConfigMap: data.a.json', 'StatefulSet: another image']);
  });

  it('removes what is not declared any more, and the Secret of before', () => {
    const found = plan(
      entry(before, 'grafana-abcdefabcd'),
      [...before, config('{}', 'grafana-files-1')],
      ['grafana-0123456789', 'grafana-abcdefabcd', 'other-0123456789'],
    );
    expect(found.obsolete.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual([
      'ConfigMap/grafana-files-1',
      'Secret/grafana-0123456789',
    ]);
    expect(whyPart(found)).toEqual(['ConfigMap is not declared any more']);
  });

  it.each<[string, KubernetesObject]>([
    ['another size', set('grafana:12.2.0', ['20Gi'])],
    ['another number of volumes', set('grafana:12.2.0', [])],
  ])('leaves a StatefulSet whose claims cannot be changed: %s', (_, other) => {
    const found = plan(entry([config('[]'), other], 'grafana-abcdefabcd'), before);
    expect(found.action).toBe('left');
    expect(found.why).not.toEqual([]);
    expect(found.objects.map(({ object }) => object.kind)).toEqual(['ConfigMap']);
    // The pod goes on with the Secret that it has.
    expect([found.secret, found.obsolete]).toEqual([false, []]);
  });
});
