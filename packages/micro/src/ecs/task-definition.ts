import type {
  ContainerDefinition,
  MountPoint,
  RegisterTaskDefinitionCommandInput,
} from '@aws-sdk/client-ecs';
import type { ComposeEntry } from '../deployment/entry';
import { entryUser } from '../deployment/entry-user';
import { parseDuration } from '../deployment/stop-time';
import type { EcsEnvironment } from '../platform/ecs-environment';
import type { FargateSize } from '../platform/fargate-size';
import { LABELS } from '../platform/image-labels';
import { nameOnEcs, tagsOf, type EcsScope } from './names';
import type { ContainerVariables } from './variables';

/** What Compose waits if an entry says nothing, in seconds. */
const DEFAULT_STOP = 10;

/** The longest that Fargate waits between SIGTERM and SIGKILL, in seconds. */
export const LONGEST_STOP = 120;

/** What a task of one entry is made of. */
export interface TaskInput {
  /** Its name in the compose files. */
  name: string;
  written: ComposeEntry;
  /** By digest. */
  image: string;
  /** The image key of its content. */
  key: string;
  size: FargateSize;
  variables: ContainerVariables;
  taskRole: string | undefined;
  /** What only a container of a service has: its ports and its health check. */
  serving?: Pick<ContainerDefinition, 'portMappings' | 'healthCheck'>;
}

/** What `aws ecs register-task-definition` takes. */
export function taskDefinition(
  scope: EcsScope,
  environment: EcsEnvironment,
  input: TaskInput,
): RegisterTaskDefinitionCommandInput {
  const { name, written, size, taskRole } = input;
  const folders = temporaryFolders(written);
  return {
    family: nameOnEcs(scope, name),
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    runtimePlatform: {
      cpuArchitecture: environment.architecture,
      operatingSystemFamily: 'LINUX',
    },
    cpu: String(size.cpu),
    memory: String(size.memory),
    executionRoleArn: environment.executionRole,
    ...(taskRole === undefined ? {} : { taskRoleArn: taskRole }),
    containerDefinitions: [
      ...(folders.length > 0 ? [openFolders(scope, input, folders)] : []),
      {
        name,
        image: input.image,
        essential: true,
        ...commandOf(written),
        environment: input.variables.environment,
        secrets: input.variables.secrets,
        ...input.serving,
        ...(folders.length > 0
          ? { dependsOn: [{ containerName: openerOf(name), condition: 'SUCCESS' as const }] }
          : {}),
        mountPoints: folders,
        user: String(entryUser(written)),
        readonlyRootFilesystem: written['read_only'] === true,
        linuxParameters: {
          capabilities: { drop: ['ALL'] },
          initProcessEnabled: written['init'] === true,
        },
        stopTimeout: stopTimeoutOf(written),
        logConfiguration: logsOf(scope, name),
      },
    ],
    volumes: folders.map(({ sourceVolume }) => ({ name: sourceVolume! })),
    tags: tagsOf(scope, name, { [LABELS.key]: input.key }),
  };
}

/** How long a task may take to stop, in whole seconds. */
export function stopTimeoutOf({ stop_grace_period: grace }: ComposeEntry): number {
  const milliseconds = parseDuration(grace);
  return milliseconds === undefined ? DEFAULT_STOP : Math.ceil(milliseconds / 1000);
}

export function logsOf(
  { logGroup, region }: EcsScope,
  name: string,
): NonNullable<ContainerDefinition['logConfiguration']> {
  return {
    logDriver: 'awslogs',
    options: {
      'awslogs-group': logGroup,
      'awslogs-region': region,
      'awslogs-stream-prefix': name,
      // A service must not stop because CloudWatch is slow.
      mode: 'non-blocking',
      'max-buffer-size': '25m',
    },
  };
}

/** Compose writes a dollar as two; ECS replaces nothing. */
function commandOf({ entrypoint, command }: ComposeEntry): Partial<ContainerDefinition> {
  const words = (value: unknown) =>
    Array.isArray(value) ? value.map((word) => String(word).replaceAll('$$', '$')) : undefined;
  const [entryPoint, rest] = [words(entrypoint), words(command)];
  return { ...(entryPoint ? { entryPoint } : {}), ...(rest ? { command: rest } : {}) };
}

/** `/tmp` and the like. Fargate has no tmpfs, so they are on the disk of the task, which goes with it. */
function temporaryFolders({ tmpfs }: ComposeEntry): MountPoint[] {
  const paths = Array.isArray(tmpfs) ? (tmpfs as string[]).map((path) => path.split(':')[0]!) : [];
  return paths.map((containerPath, at) => ({
    sourceVolume: `temporary-${at}`,
    containerPath,
    readOnly: false,
  }));
}

function openerOf(name: string): string {
  return `${name}-folders`;
}

/**
 * Fargate gives a volume to root, and only root may write to it (aws/containers-roadmap#938). So a container that ends
 * at once opens the folders before the service starts, which is not root.
 */
function openFolders(
  scope: EcsScope,
  { name, image }: TaskInput,
  folders: readonly MountPoint[],
): ContainerDefinition {
  const paths = folders.map(({ containerPath }) => containerPath!);
  return {
    name: openerOf(name),
    image,
    essential: false,
    entryPoint: ['node'],
    command: [
      '-e',
      "for (const path of process.argv.slice(1)) require('node:fs').chmodSync(path, 0o1777)",
      ...paths,
    ],
    mountPoints: [...folders],
    user: '0',
    readonlyRootFilesystem: true,
    linuxParameters: { capabilities: { drop: ['ALL'] } },
    logConfiguration: logsOf(scope, name),
  };
}
