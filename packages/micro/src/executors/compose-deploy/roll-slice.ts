import { join } from 'node:path';
import type { Container } from '../../effects/containers';
import { writeWhole } from '../../effects/files';
import type { ComposeSlice } from './entry';
import type { ServiceChange } from './plan';
import { secretsOf } from './read-secrets';
import { roll } from './roll';
import { type Run, tellOf } from './run';

/** What a service of a run becomes. */
export interface SliceRoll {
  service: string;
  plan: ServiceChange;
  slice: ComposeSlice;
  /** Tells this roll of the service from others of the run: `r7`. */
  name: string;
}

/** Rolls one service of a run, as {@link roll} does. */
export async function rollSlice(
  run: Run,
  { service, plan, slice, name }: SliceRoll,
): Promise<Container[]> {
  const file = join(run.folder, `${service}.${name}.json`);
  await writeWhole(file, JSON.stringify(slice), 0o600);
  const { healthTimeout, steady } = run.environment;
  return roll({
    ...run,
    project: { name: run.name, files: [file] },
    service,
    plan,
    secrets: secretsOf(run, service, slice),
    healthTimeout,
    steady,
    say: tellOf(run, service),
  });
}
