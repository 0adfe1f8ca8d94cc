import { json } from '../application/json.js';
import { NOTHING_TARGET } from '../application/nothing.js';
import { libraryPackages } from '../application/package-workspace.js';
import { SCOPE, SERVICE_NAMES, SERVICES, type ServiceName } from '../application/services.js';
import { commonSources } from '../application/sources.js';
import { ensureRegistry } from '../../registry/ensure-registry.js';
import { pluginVersion, vendorPackages } from '../../testing/packed-plugin.js';
import type { Workspace } from '../../testing/workspace.js';
import type { Contender } from './contender.js';
import { INSTALL } from './quiet-install.js';
import { writeFiles } from './write-files.js';

/** Environments: the generated one on this machine's engine, and one on another machine, which is never contacted. */
export const HERE = 'development';
export const ELSEWHERE = 'elsewhere';

/** The plugin as packed for publishing, and services as its own generator writes them. */
export const micro: Contender = {
  id: 'micro',
  column: 'us',
  title: `@org/micro ${pluginVersion()}`,
  target: 'docker-build',
  pushTarget: 'docker-push',
  image: ({ name }, service) => `${name}/${service}:local`,
  addPackage: (spec, service) => [...INSTALL, spec, `--workspace=apps/${service}`],
  setUp: async (workspace, base) => {
    const { host } = await ensureRegistry();
    await workspace.npm(...INSTALL, '--save-dev', ...(await vendorPackages(workspace.root)));
    await workspace.nx('g', '@org/micro:init', `--registry=${host}`);
    for (const service of SERVICE_NAMES) {
      await workspace.nx('g', '@org/micro:service', service, '--skipInstall');
    }
    await writeFiles(workspace, {
      ...libraryPackages(),
      ...commonSources(),
      [`environments/${ELSEWHERE}.yml`]: `engine: compose\nhost: ssh://deploy@example.com\nregistry: ${host}\n`,
    });
    const condition = `@${workspace.name}/source`;
    await workspace.edit('tsconfig.base.json', condition, `${SCOPE}/source`);
    for (const service of SERVICE_NAMES) await useCommonSources(workspace, service, base);
    await workspace.npm(...INSTALL);
    await workspace.nx('sync');
  },
};

/** Replaces the generator's example with the route of the benchmark. Everything else stays as generated. */
async function useCommonSources(
  workspace: Workspace,
  service: ServiceName,
  base: string,
): Promise<void> {
  const root = `apps/${service}`;
  await workspace.edit(`${root}/src/app.ts`, './routes/hello.js', './routes/work.js');
  const app = await workspace.read(`${root}/src/app.ts`);
  await workspace.write(`${root}/src/app.ts`, app.replaceAll('helloRoutes', 'workRoutes'));
  await workspace.edit(`${root}/Dockerfile`, 'node:24-bookworm-slim', base);
  const manifest = JSON.parse(await workspace.read(`${root}/package.json`)) as {
    dependencies: Record<string, string>;
    nx: object;
  };
  for (const library of SERVICES[service]) manifest.dependencies[`${SCOPE}/${library}`] = '*';
  manifest.nx = { ...manifest.nx, targets: NOTHING_TARGET };
  await workspace.write(`${root}/package.json`, json(manifest));
}
