import type { TargetConfiguration } from '@nx/devkit';
import { ENVIRONMENTS_FOLDER } from '../platform/environment-file';
import {
  EXCEPTIONS_FILE,
  LAMBDA_FOLDER,
  RECEIPTS_FOLDER,
  ROOT_COMPOSE_FILE,
  SBOM_FOLDER,
  SCANS_FOLDER,
} from './paths';
import { INSTALLATION } from './installation';
import { COMPOSE_TARGET, COMPOSED_INPUTS, composeTarget } from './compose-target';
import { GENERATE_TARGET } from './proto-project';

/** Names of the inferred targets; each can be changed in the plugin's options. */
export interface TargetNames {
  build: string;
  serve: string;
  lambdaBuild: string;
  dockerBuild: string;
  dockerScan: string;
  dockerPush: string;
  composeDeploy: string;
  composeRollback: string;
  kubernetesDeploy: string;
  kubernetesRollback: string;
  ecsDeploy: string;
  ecsRollback: string;
}

export const DEFAULT_TARGET_NAMES: TargetNames = {
  build: 'build',
  serve: 'serve',
  lambdaBuild: 'lambda-build',
  dockerBuild: 'docker-build',
  dockerScan: 'docker-scan',
  dockerPush: 'docker-push',
  composeDeploy: 'compose-deploy',
  composeRollback: 'compose-rollback',
  kubernetesDeploy: 'kubernetes-deploy',
  kubernetesRollback: 'kubernetes-rollback',
  ecsDeploy: 'ecs-deploy',
  ecsRollback: 'ecs-rollback',
};

/** What inference knows about a service. It reads only file names, so that a broken manifest never breaks the graph. */
export interface ServiceFacts {
  /** Relative to the workspace root. */
  root: string;
  /** Names of the files in environments/, sorted. */
  environments: readonly string[];
  /** Packages whose version decides how a bundle looks. */
  bundlers: readonly string[];
  /** Whether the workspace has a library whose code is generated from gRPC contracts. */
  hasContracts?: boolean;
  /** Of a gateway of GraphQL: the schemas that its own is composed of. */
  schemas?: readonly string[];
  /** Whether it has the entry of a Lambda function. */
  isFunction?: boolean;
  /** Whether a deploy with Compose may have something to push; see {@link mayPush}. */
  pushes?: boolean;
}

export const RELEASE_TARGET = 'nx-release-publish';

/** The environment that targets use if no configuration is named. */
const DEFAULT_ENVIRONMENT = 'development';

/** @param receipts what the step before the deploy leaves. */
const deployInputs = (receipts: string): NonNullable<TargetConfiguration['inputs']> => [
  { dependentTasksOutputFiles: receipts },
  '{projectRoot}/compose.yaml',
  '{projectRoot}/service.yml',
  `{workspaceRoot}/${ROOT_COMPOSE_FILE}`,
  `{workspaceRoot}/${ENVIRONMENTS_FOLDER}/*`,
];

/**
 * The targets of one service. Inputs are exact under both ways in which Nx computes `affected`: each
 * step reads what the step before it left, so a change goes as far as its effects do.
 */
export function serviceTargets(
  {
    root,
    environments,
    bundlers,
    hasContracts = false,
    schemas,
    isFunction = false,
    pushes = true,
  }: ServiceFacts,
  names: TargetNames,
): Record<string, TargetConfiguration> {
  const before = [
    ...(hasContracts ? [`^${GENERATE_TARGET}`] : []),
    ...(schemas ? [COMPOSE_TARGET] : []),
  ];
  const generated = before.length > 0 ? { dependsOn: before } : {};
  const receipts = `{workspaceRoot}/${RECEIPTS_FOLDER}/${root}`;
  const perEnvironment = {
    configurations: Object.fromEntries(environments.map((name) => [name, { environment: name }])),
    ...(environments.includes(DEFAULT_ENVIRONMENT)
      ? { defaultConfiguration: DEFAULT_ENVIRONMENT }
      : {}),
  };
  const bundled = {
    cache: true,
    ...generated,
    inputs: [
      'production',
      '^production',
      '{workspaceRoot}/tsconfig.base.json',
      ...INSTALLATION,
      { externalDependencies: [...bundlers] },
      ...(schemas ? COMPOSED_INPUTS : []),
    ],
  };
  const afterPush = {
    dependsOn: [names.dockerPush],
    inputs: deployInputs('**/docker-push.*.json'),
  };
  const onEngine = (
    executor: string,
    where: string,
    { deploy, rollback }: { deploy: string; rollback: string },
  ): Record<string, TargetConfiguration> => ({
    [deploy]: {
      executor: `@org/micro:${executor}`,
      cache: false,
      ...afterPush,
      outputs: environments.map((name) => `${receipts}/${executor}.${name}.json`),
      options: {},
      configurations: perEnvironment.configurations,
      metadata: metadata(`Deploy the service to ${where} if it changed`, deploy, { plan: true }),
    },
    [rollback]: {
      executor: `@org/micro:${executor}`,
      cache: false,
      options: { rollback: true },
      configurations: perEnvironment.configurations,
      metadata: metadata(`Go back to an earlier release of the service on ${where}`, rollback, {
        to: 7,
      }),
    },
  });
  return {
    ...(schemas ? composeTarget(schemas) : {}),
    [names.build]: {
      executor: '@org/micro:build',
      ...bundled,
      outputs: [`{workspaceRoot}/dist/${root}`, `{workspaceRoot}/${SBOM_FOLDER}/${root}`],
      options: {},
      metadata: metadata('Bundle the service into its artifact', names.build, {}),
    },
    [names.serve]: {
      executor: '@org/micro:serve',
      continuous: true,
      ...generated,
      options: {},
      metadata: metadata('Run the service from its sources and restart it on change', names.serve, {
        inspect: true,
      }),
    },
    ...(isFunction
      ? {
          [names.lambdaBuild]: {
            executor: '@org/micro:lambda-build',
            ...bundled,
            outputs: [`{workspaceRoot}/${LAMBDA_FOLDER}/${root}`],
            options: {},
            metadata: metadata('Bundle the service as a Lambda function', names.lambdaBuild, {}),
          },
        }
      : {}),
    [names.dockerBuild]: {
      executor: '@org/micro:docker-build',
      // Nx cannot restore an image. The executor itself decides, exactly, when there is nothing to do.
      cache: false,
      dependsOn: [names.build],
      inputs: [
        '{projectRoot}/Dockerfile',
        '{projectRoot}/Dockerfile.dockerignore',
        { dependentTasksOutputFiles: '**/*', transitive: true },
      ],
      outputs: [`${receipts}/docker-build.json`],
      options: {},
      ...perEnvironment,
      metadata: metadata('Find or build the image of the service', names.dockerBuild, {
        tags: ['{branch}'],
      }),
    },
    [names.dockerScan]: {
      executor: '@org/micro:docker-scan',
      // A database of vulnerabilities changes without a file of the workspace. The executor itself decides when there
      // is nothing to scan.
      cache: false,
      dependsOn: [names.dockerBuild],
      inputs: [
        { dependentTasksOutputFiles: '**/docker-build.json' },
        { dependentTasksOutputFiles: '**/sbom.cdx.json', transitive: true },
        `{workspaceRoot}/${EXCEPTIONS_FILE}`,
      ],
      outputs: [`${receipts}/docker-scan.json`, `{workspaceRoot}/${SCANS_FOLDER}/${root}`],
      options: {},
      ...perEnvironment,
      metadata: metadata('Look for known vulnerabilities in the image', names.dockerScan, {
        failOn: 'critical',
      }),
    },
    [names.dockerPush]: {
      executor: '@org/micro:docker-push',
      cache: false,
      dependsOn: [names.dockerBuild],
      inputs: [
        { dependentTasksOutputFiles: '**/docker-build.json' },
        `{workspaceRoot}/${ENVIRONMENTS_FOLDER}/*.yml`,
      ],
      outputs: environments.map((name) => `${receipts}/docker-push.${name}.json`),
      options: {},
      ...perEnvironment,
      metadata: metadata('Push the image if the registry does not have it', names.dockerPush, {
        tags: ['v{version}'],
      }),
    },
    // "nx release publish" runs the target of this name.
    [RELEASE_TARGET]: {
      executor: '@org/micro:docker-tag',
      cache: false,
      // Not docker-push: "nx release publish" chooses no configuration, so that would push for development.
      dependsOn: [names.dockerBuild],
      inputs: [
        { dependentTasksOutputFiles: '**/docker-build.json' },
        `{workspaceRoot}/${ENVIRONMENTS_FOLDER}/*.yml`,
      ],
      outputs: environments.map((name) => `${receipts}/docker-tag.${name}.json`),
      options: {},
      configurations: perEnvironment.configurations,
      metadata: metadata('Tag the pushed image with its version', RELEASE_TARGET, {
        tags: ['{version}', '{minor}', '{major}', 'latest'],
      }),
    },
    [names.composeDeploy]: {
      executor: '@org/micro:compose-deploy',
      // One deploy for all services of a run (Nx only batches tasks that may run in parallel). If Nx
      // makes several batches, the lock of the environment runs them one after the other.
      cache: false,
      // A task is a process: none is started that could only say that there is nothing to push.
      ...(pushes
        ? afterPush
        : { dependsOn: [names.dockerBuild], inputs: deployInputs('**/docker-build.json') }),
      outputs: environments.map((name) => `${receipts}/compose-deploy.${name}.json`),
      options: {},
      ...perEnvironment,
      metadata: metadata('Deploy the service if it changed', names.composeDeploy, {
        plan: true,
      }),
    },
    [names.composeRollback]: {
      executor: '@org/micro:compose-deploy',
      // Depends on nothing: the current build may be what you want to get away from.
      cache: false,
      options: { rollback: true },
      ...perEnvironment,
      metadata: metadata('Go back to an earlier release of the service', names.composeRollback, {
        to: 7,
      }),
    },
    // Which engine an environment is for stands in its file, which inference does not read.
    ...onEngine('kubernetes-deploy', 'a Kubernetes cluster', {
      deploy: names.kubernetesDeploy,
      rollback: names.kubernetesRollback,
    }),
    ...onEngine('ecs-deploy', 'Amazon ECS', {
      deploy: names.ecsDeploy,
      rollback: names.ecsRollback,
    }),
  };
}

/** Never the technology "docker": nx release would treat the project as one of @nx/docker. */
function metadata(
  description: string,
  target: string,
  options: Record<string, unknown>,
): TargetConfiguration['metadata'] {
  return {
    technologies: ['containers'],
    description,
    help: { command: `npx nx run {projectName}:${target} --help`, example: { options } },
  };
}
