import { join } from 'node:path';
import { lastLines, run, succeeded } from '../../command.js';
import { PIPELINE } from '../../testing/user-environment.js';
import {
  PROVIDERS,
  readVersion,
  routesFile,
  type Provider,
} from '../../testing/rolled-platform.js';
import type { Workspace } from '../../testing/workspace.js';
import { rollOutByWatch } from './compose-watch.js';
import { gatewayOf } from './gateway-of.js';
import { rollOutByScale } from './scale-rollout.js';
import { WORKS, type Work } from './works.js';

const LINES = 30;

export interface Outcome {
  /** Whether the command reported success. */
  worked: boolean;
  /** Its last lines. */
  said: string;
  /** How long it took; if absent, the whole time. */
  seconds?: number;
}

/** A way to roll out the workspace. Its images exist. */
export interface Contender {
  id: string;
  title: string;
  /** Its Compose project. */
  project: string;
  rollOut: (what?: WhatChanged) => Promise<Outcome>;
  /** Works that it cannot do, or does as `docker compose up` does them. */
  leavesOut?: readonly Work['id'][];
}

export interface WhatChanged {
  /** The one service that changed; undefined if the contender does not know it. */
  service?: Provider;
  /** Whether its image still has to be built. */
  isToBuild?: boolean;
}

/** The environments of the workspace, all alike, so that each way to start Nx has a project of its own. */
export const ENVIRONMENTS = { plain: 'development', pipeline: 'pipeline', daemon: 'daemon' };

/** A file beside `compose.yaml`, for one project: it publishes the gateway on a port that no other project uses. */
export function portsFile(project: string): string {
  return `ports.${project}.yaml`;
}

/** The ids of all; the first is always there. */
export const CONTENDER_IDS: readonly string[] = [
  ...['compose', 'scale', 'watch'],
  ...['nx', 'pipeline', 'daemon'],
];

/**
 * The first contender is the one that the others are compared with.
 *
 * @param healthTimeout seconds that a container may take to become healthy.
 */
export function openContenders(workspace: Workspace, healthTimeout: number): Contender[] {
  const { name, root: cwd } = workspace;
  const composeOf = (project: string) => [
    ...['compose', '--project-name', project],
    ...['--file', 'compose.yaml', '--file', portsFile(project)],
  ];
  const up = async (project: string, { isToBuild = false }: WhatChanged = {}) => {
    const wait = ['--detach', '--wait', '--wait-timeout', String(healthTimeout)];
    const build = isToBuild ? ['--build'] : [];
    const args = [...composeOf(project), 'up', ...build, ...wait];
    const outcome = await run('docker', args, { cwd });
    return { worked: succeeded(outcome), said: lastLines(outcome.stderr, LINES) };
  };
  const [plain, scaled, watched] = [`${name}-compose`, `${name}-scale`, `${name}-watch`];
  let isUp = false;
  const nx = async (
    environment: string,
    env: Record<string, string>,
    { service }: WhatChanged = {},
  ) => {
    const which = service ? ['affected', '--base=HEAD~1', '--head=HEAD'] : ['run-many'];
    const { exitCode, output } = await workspace.startNx(
      [...which, '-t', 'compose-deploy', '-c', environment],
      { env },
    ).ended;
    return { worked: exitCode === 0, said: lastLines(output, LINES) };
  };
  return [
    {
      id: 'compose',
      title: '`docker compose up -d --wait`',
      project: plain,
      rollOut: (what) => up(plain, what),
    },
    {
      id: 'scale',
      title: 'a rollout by scale',
      project: scaled,
      leavesOut: ['first'],
      rollOut: async ({ service: changed, isToBuild = false } = {}) => {
        if (!isUp) {
          const outcome = await up(scaled);
          isUp = outcome.worked;
          return outcome;
        }
        const options = { compose: composeOf(scaled), cwd, healthTimeout };
        if (isToBuild) {
          const outcome = await run('docker', [...options.compose, 'build'], { cwd });
          if (!succeeded(outcome)) {
            return { worked: false, said: lastLines(outcome.stderr, LINES) };
          }
        }
        // It replaces the given services, whether they changed or not.
        for (const service of changed ? [changed] : PROVIDERS) {
          if (!(await rollOutByScale(options, service))) {
            return { worked: false, said: `the new container of ${service} was not healthy` };
          }
        }
        return { worked: true, said: '' };
      },
    },
    {
      id: 'watch',
      title: '`docker compose watch`',
      project: watched,
      leavesOut: WORKS.flatMap(({ id, isToBuild }) => (isToBuild ? [] : [id])),
      rollOut: async ({ service, isToBuild = false } = {}) => {
        if (!service || !isToBuild) return up(watched);
        const url = await gatewayOf(watched);
        const options = { compose: composeOf(watched), cwd };
        const file = join(cwd, routesFile(service));
        return rollOutByWatch(
          { ...options, readVersion: () => readVersion(url, service) },
          service,
          file,
        );
      },
    },
    {
      id: 'nx',
      title: '`nx affected -t compose-deploy`',
      project: `${name}-${ENVIRONMENTS.plain}`,
      rollOut: (what) => nx(ENVIRONMENTS.plain, {}, what),
    },
    {
      id: 'pipeline',
      title: 'the same as in a generated pipeline',
      project: `${name}-${ENVIRONMENTS.pipeline}`,
      rollOut: (what) => nx(ENVIRONMENTS.pipeline, PIPELINE, what),
    },
    {
      id: 'daemon',
      title: "the same with Nx's daemon",
      project: `${name}-${ENVIRONMENTS.daemon}`,
      rollOut: (what) => nx(ENVIRONMENTS.daemon, { NX_DAEMON: 'true' }, what),
    },
  ];
}
