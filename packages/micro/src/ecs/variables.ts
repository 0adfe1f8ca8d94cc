import type { KeyValuePair, Secret } from '@aws-sdk/client-ecs';
import type { ComposeEntry } from '../deployment/entry';
import { writtenValue } from '../deployment/written-value';

/** What a container is told. */
export interface ContainerVariables {
  environment: KeyValuePair[];
  secrets: Secret[];
  /** Variables that Compose would fill in from `.env`, and for which the environment has nothing. */
  missing: string[];
}

/**
 * The variables of a container. A value that Compose would fill in is never written: the environment has to give it.
 *
 * @param written the entry with nothing filled in.
 * @param own variables of the environment, which replace those of the entry.
 * @param arns of its secrets, by the name of the variable; they replace the entry's, too.
 */
export function variablesOf(
  written: ComposeEntry,
  own: Readonly<Record<string, string>>,
  arns: Readonly<Record<string, string>>,
): ContainerVariables {
  const inherited = Object.entries((written['environment'] ?? {}) as Record<string, unknown>)
    .filter(([name]) => !(name in own) && !(name in arns))
    .map(([name, value]) => ({ name, value: writtenValue(value) }));
  const literal = inherited.flatMap(({ name, value }) =>
    value.kind === 'literal' ? [{ name, value: value.text.replaceAll('$$', '$') }] : [],
  );
  const given = Object.entries(own)
    .filter(([name]) => !(name in arns))
    .map(([name, value]) => ({ name, value }));
  return {
    environment: [...literal, ...given].sort(byName),
    secrets: Object.entries(arns)
      .map(([name, valueFrom]) => ({ name, valueFrom }))
      .sort(byName),
    missing: inherited
      .filter(({ value }) => value.kind === 'filled')
      .map(({ name }) => name)
      .sort(),
  };
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
