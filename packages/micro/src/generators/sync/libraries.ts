import type { ProjectGraph } from '@nx/devkit';
import type { Platform, Service } from '../../platform/platform';

/**
 * The roots of the projects that a service is built from, by the project graph. A service that is
 * reached by an implicit dependency is a link, not code; one whose code is imported belongs to it.
 */
export function librariesInGraph(graph: ProjectGraph, platform: Platform, service: Service) {
  const isService = (name: string) => platform.services.some((other) => other.name === name);
  const seen = new Set([service.name]);
  const pending = [service.name];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    for (const { target, type } of graph.dependencies[name] ?? []) {
      const isLink = type === 'implicit' && isService(target);
      if (isLink || seen.has(target) || !graph.nodes[target]) continue;
      seen.add(target);
      pending.push(target);
    }
  }
  seen.delete(service.name);
  // The root project is the workspace itself; its files are allowed one by one.
  return [...seen].map((name) => graph.nodes[name]!.data.root).filter((root) => root !== '.');
}
