import { leftContainers } from '../../../deployment/run-plan';
import { forgetReleases } from '../../../effects/release-book';
import type { Rendered } from '../prepare/render';
import type { Facts, Run } from '../run';
import { removeLeftovers } from './leftovers';

/** Removes the containers of services that left the workspace. Their volumes stay. */
export async function removeLeftServices(
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
