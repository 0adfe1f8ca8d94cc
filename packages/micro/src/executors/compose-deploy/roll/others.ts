import { type RunPlan, leftContainers } from '../../../deployment/run-plan';
import { touchedOthers } from '../../../deployment/plan';
import { readProjectContainers } from '../../../effects/containers';
import { forgetReleases } from '../../../effects/release-book';
import { UserError } from '../../../platform/user-error';
import type { Rendered } from '../prepare/render';
import type { Facts, Run } from '../run';
import { removeLeftovers } from './leftovers';

/** Removes what left the workspace; its volumes stay. */
export async function prune(
  run: Run,
  { names }: Rendered,
  facts: Facts,
): Promise<readonly string[]> {
  const { runner, address, book, tell } = run;
  const left = leftContainers(facts.containers, names);
  const services = [...new Set(left.map(({ service }) => service))].sort();
  for (const service of services) {
    const own = left.filter((container) => container.service === service);
    await removeLeftovers({ runner, address, service }, own);
    await forgetReleases(book, facts.releases.get(service) ?? []);
    tell(`removed  ${service}  ${own.map(({ name }) => name).join(', ')}`);
  }
  return services;
}

/** The proof that a deploy touched its own services and nothing else. */
export async function requireOthersUntouched(
  { runner, address, name, tasks }: Run,
  { services }: RunPlan,
  { containers: before }: Facts,
  pruned: readonly string[],
): Promise<void> {
  const after = await readProjectContainers(runner, address, name);
  const started = services.flatMap(({ starts, desired }) => [...starts, ...desired.jobs]);
  const own = tasks.map(({ service }) => service.name);
  const touched = touchedOthers(before, after, new Set([...own, ...started, ...pruned]));
  if (touched.length > 0) {
    throw new UserError(
      `the deploy of "${own.join('", "')}" also changed ${touched.join(', ')}: nothing else should; look for another deploy at the same time`,
    );
  }
}
