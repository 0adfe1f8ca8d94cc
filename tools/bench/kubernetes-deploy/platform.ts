import type { Workspace } from '../../testing/workspace.js';
import { ENVIRONMENTS, type EnvironmentName } from './environments.js';

export const SERVICES = Array.from({ length: 20 }, (_, index) => `service-${index + 1}`);
/** The service that changes. One calls it, and it calls one. */
export const CHANGED = 'service-10';

export interface Place {
  context: string;
  registry: string;
}

export function namespaceOf({ name }: Workspace, environment: EnvironmentName): string {
  return `${name}-${environment}`;
}

/** Twenty services, each of which is called by two others, like a binary tree, with an environment for each contender. */
export async function writePlatform(workspace: Workspace, place: Place): Promise<void> {
  const { name, write } = workspace;
  const root = JSON.parse(await workspace.read('package.json')) as object;
  await write('package.json', JSON.stringify({ ...root, workspaces: ['packages/*', 'apps/*'] }));
  const nx = JSON.parse(await workspace.read('nx.json')) as { plugins: unknown[] };
  await write('nx.json', JSON.stringify({ ...nx, plugins: [...nx.plugins, '@org/micro'] }));
  const include = SERVICES.map((service) => `  - apps/${service}/compose.yaml\n`);
  await write('compose.yaml', `name: ${name}\ninclude:\n${include.join('')}`);
  for (const [index, service] of SERVICES.entries()) await writeService(workspace, service, index);
  for (const environment of ENVIRONMENTS) {
    await write(
      `environments/${environment}.yml`,
      `engine: kubernetes
context: ${place.context}
namespace: ${namespaceOf(workspace, environment)}
registry: ${place.registry}
healthTimeout: 180s
`,
    );
  }
}

async function writeService({ write }: Workspace, service: string, index: number): Promise<void> {
  const port = portOf(index);
  const above = index === 0 ? [] : [Math.floor((index - 1) / 2)];
  const links = above.map((provider) => {
    const name = SERVICES[provider]!;
    const variable = `MICROSERVICE_${name.toUpperCase().replaceAll('-', '_')}_URL`;
    return `      ${variable}: http://${name}:${portOf(provider)}\n`;
  });
  const providers = above.map((provider) => SERVICES[provider]!);
  await write(`apps/${service}/package.json`, JSON.stringify({ name: service, version: '0.0.0' }));
  await write(
    `apps/${service}/service.yml`,
    `port: ${port}\nconsumes: [${providers.join(', ')}]\n`,
  );
  await write(
    `apps/${service}/compose.yaml`,
    `services:
  ${service}:
    image: ${service}:local
    stop_grace_period: 2s
    environment:
      PORT: "${port}"
${links.join('')}`,
  );
}

export function portOfChanged(): number {
  return portOf(SERVICES.indexOf(CHANGED));
}

function portOf(index: number): number {
  return 3001 + index;
}
