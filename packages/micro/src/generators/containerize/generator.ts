import {
  formatFiles,
  generateFiles,
  logger,
  offsetFromRoot,
  OverwriteStrategy,
  readJson,
  type GeneratorCallback,
  type Tree,
} from '@nx/devkit';
import { join, posix } from 'node:path';
import { stringify } from 'yaml';
import { dockerfileOf } from '../../dockerfile/dockerfile-edit';
import { stageNames } from '../../dockerfile/build-sources';
import { installPackages } from '../../effects/package-install';
import { formatRoute } from '../../platform/route';
import { DEFAULT_TARGET_NAMES, serviceTargets } from '../../inference/targets';
import { initGenerator } from '../init/generator';
import { editJson } from '../json-text';
import { syncWorkspace } from '../sync/sync-workspace';
import { normaliseOptions, type ContainerizeOptions, type ContainerizeSchema } from './options';

/** The name of our target for the artifact if the app has its own `build` target. */
const BUNDLE_TARGET = 'bundle';

/** Makes a service of an app that already exists; each file is written only if it is missing. */
export async function containerizeGenerator(
  tree: Tree,
  schema: ContainerizeSchema,
): Promise<GeneratorCallback> {
  const options = normaliseOptions(tree, schema);
  if (options.isService) {
    logger.info(
      `${options.root}/service.yml was kept as it is: edit it to change ${options.name}.`,
    );
  }
  await initGenerator(tree, { skipFormat: true, skipInstall: true });
  const hadDockerfile = tree.exists(dockerfileOf(options));
  generateMissing(tree, options);
  if (options.hasOwnBuild && needsArtifact(tree, options)) addBundleTarget(tree, options);
  syncWorkspace(tree);
  if (!options.skipFormat) await formatFiles(tree);
  for (const line of whatIsLeft(options, hadDockerfile)) logger.info(line);
  return () => {
    if (!options.skipInstall) installPackages(tree);
  };
}

export default containerizeGenerator;

function generateMissing(tree: Tree, options: ContainerizeOptions): void {
  const { root, routes, packageManager } = options;
  const values = {
    ...options,
    offset: offsetFromRoot(root),
    routeTexts: routes.map(formatRoute),
    entryText: stringify(options.entry).trimEnd(),
    managerVersion: packageManager.kind === 'npm' ? '' : packageManager.version,
  };
  const folders = [
    join(__dirname, 'files'),
    join(__dirname, '../service/files', packageManager.kind),
  ];
  for (const folder of folders) {
    generateFiles(tree, folder, root, values, {
      overwriteStrategy: OverwriteStrategy.KeepExisting,
    });
  }
}

/** Whether the image uses the artifact of our build. The app's own Dockerfile may build by itself. */
function needsArtifact(tree: Tree, options: ContainerizeOptions): boolean {
  return stageNames(tree.read(dockerfileOf(options), 'utf8') ?? '').includes('artifact');
}

/** Gives the app a target for the artifact beside its own `build`, and has its image depend on that. */
function addBundleTarget(tree: Tree, { root }: ContainerizeOptions): void {
  const project = posix.join(root, 'project.json');
  const isProject = tree.exists(project);
  const file = isProject ? project : posix.join(root, 'package.json');
  const base = isProject ? ['targets'] : ['nx', 'targets'];
  const { targets } = isProject
    ? readJson<{ targets?: Targets }>(tree, file)
    : (readJson<{ nx?: { targets?: Targets } }>(tree, file).nx ?? {});
  const facts = { root, environments: [], bundlers: ['@org/micro', 'esbuild'] };
  const { executor, cache, inputs, outputs } = serviceTargets(facts, DEFAULT_TARGET_NAMES)[
    'build'
  ]!;
  const bundle = { executor, cache, inputs, outputs };
  editJson(tree, file, [
    ...(targets?.[BUNDLE_TARGET]
      ? []
      : [{ path: [...base, BUNDLE_TARGET], from: undefined, to: bundle }]),
    ...(targets?.['docker-build']
      ? []
      : [
          {
            path: [...base, 'docker-build'],
            from: undefined,
            to: { dependsOn: [BUNDLE_TARGET] },
          },
        ]),
  ]);
}

type Targets = Record<string, object>;

/** What the app itself has to do, which no generator can see. */
function whatIsLeft(
  { name, root, kind, port, entry, hasOwnBuild, isService }: ContainerizeOptions,
  hadDockerfile: boolean,
): string[] {
  if (isService) return [];
  return [
    `${name} is a ${kind} on port ${port}. Check that the app`,
    `  - listens on 0.0.0.0 and the port in PORT`,
    `  - answers GET /ready with 200 as soon as it can take requests: deploys wait for that`,
    `  - ends when it gets SIGTERM`,
    hadDockerfile
      ? `${root}/Dockerfile was kept. It is built with the workspace root as context; its HEALTHCHECK, or "healthcheck" in ${root}/compose.yaml, tells when the app is ready.`
      : `The image is made of ${root}/${entry} and what it imports ("build.entry" in ${root}/service.yml).`,
    ...(hasOwnBuild && !hadDockerfile
      ? [`Your own "build" was kept; the target "${BUNDLE_TARGET}" makes what the image needs.`]
      : []),
  ];
}
