import type { Command } from '../docker/command';

/** A namespace of a cluster. */
export interface ClusterAddress {
  context: string;
  namespace: string;
}

/** How the API server names us as the owner of fields. */
const FIELD_MANAGER = 'org-micro';

/** `kubectl --context NAME --namespace NAME ARGS…`: never the current context of a person. */
export function kubectl(
  args: readonly string[],
  { context, namespace }: ClusterAddress,
  stdin?: string,
): Command {
  return {
    file: 'kubectl',
    args: ['--context', context, '--namespace', namespace, ...args],
    ...(stdin === undefined ? {} : { stdin }),
  };
}

/** Objects from the standard input. What another manager changed of them is taken back: the plan has named it. */
export const applyArguments = [
  ...['apply', '--server-side', '--force-conflicts', '--validate=strict'],
  ...[`--field-manager=${FIELD_MANAGER}`, '--filename', '-'],
];

/** The number of pods alone, for a manager of its own. */
export const handOverArguments = [
  ...['apply', '--server-side', '--force-conflicts'],
  ...[`--field-manager=${FIELD_MANAGER}-handover`, '--filename', '-'],
];

/** Makes the template of a Deployment's pods exactly this one, whatever others added to it. */
export function replaceTemplateArguments(name: string, template: unknown): string[] {
  const patch = [{ op: 'replace', path: '/spec/template', value: template }];
  return [
    ...['patch', `deployment/${name}`, '--type=json', `--field-manager=${FIELD_MANAGER}`],
    `--patch=${JSON.stringify(patch)}`,
  ];
}

export function getArguments(kinds: readonly string[], selector: string): string[] {
  return ['get', kinds.join(','), '--selector', selector, '--output', 'json'];
}

/** Their names alone: `secret/orders-1`. */
export function getNamesArguments(kind: string, selector: string): string[] {
  return ['get', kind, '--selector', selector, '--output', 'name'];
}

/** @param objects as `deployment.apps/orders`. */
export function deleteArguments(objects: readonly string[]): string[] {
  return ['delete', ...objects, '--ignore-not-found', '--wait=false'];
}

/** The objects of a folder with a kustomization, as YAML; needs no cluster. */
export function kustomizeArguments(folder: string): string[] {
  return ['kustomize', folder];
}

/** Objects from the standard input, as the cluster has them; those that are not there are left out. */
export const getGivenArguments = [
  ...['get', '--filename', '-', '--ignore-not-found', '--output', 'json'],
];

export function logArguments(pod: string, container: string, previous: boolean): string[] {
  return [
    ...['logs', pod, '--container', container, '--tail', '20'],
    ...(previous ? ['--previous'] : []),
  ];
}

/**
 * The log of a pod's container, each line with its time.
 * @param since a Go duration such as `10m`, or a time.
 */
export function timedLogArguments(
  pod: string,
  container: string,
  { since, follow = false }: { since: string | undefined; follow?: boolean },
): string[] {
  return [
    ...['logs', pod, '--container', container, '--timestamps'],
    ...(since === undefined ? [] : [sinceArgument(since)]),
    ...(follow ? ['--follow'] : []),
  ];
}

/** kubectl takes times with a zone only; without one, UTC is meant, as the times of log lines are. */
function sinceArgument(since: string): string {
  if (!/^\d{4}-/.test(since)) return `--since=${since}`;
  const withTime = since.includes('T') ? since : `${since}T00:00:00`;
  return `--since-time=${/(?:Z|[+-]\d\d:\d\d)$/.test(withTime) ? withTime : `${withTime}Z`}`;
}

export function eventArguments(object: string): string[] {
  return ['get', 'events', '--field-selector', `involvedObject.name=${object}`, '--output', 'json'];
}
