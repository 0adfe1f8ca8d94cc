import { lastLines, run, succeeded } from '../../command.js';
import { PROVIDERS, type Provider } from '../../testing/rolled-platform.js';
import type { Workspace } from '../../testing/workspace.js';
import { rollOutByScale } from './scale-rollout.js';

const LINES = 30;

export interface Outcome {
  /** Whether it says so itself. */
  worked: boolean;
  /** Its last lines. */
  said: string;
}

/** A way to roll out what the workspace holds; its images are there. */
export interface Contender {
  title: string;
  /** Its Compose project. */
  project: string;
  /** @param changed the one service that changed; nothing if that is not known. */
  rollOut: (changed?: Provider) => Promise<Outcome>;
}

/** Beside `compose.yaml`, for one project: it publishes the gateway on a port that no other project uses. */
export function portsFile(project: string): string {
  return `ports.${project}.yaml`;
}

/**
 * The first is what the others are compared with.
 * @param healthTimeout seconds that a container may take to become healthy.
 */
export function openContenders(workspace: Workspace, healthTimeout: number): Contender[] {
  const { name, root: cwd } = workspace;
  const composeOf = (project: string) => [
    ...['compose', '--project-name', project],
    ...['--file', 'compose.yaml', '--file', portsFile(project)],
  ];
  const up = async (project: string) => {
    const wait = ['--detach', '--wait', '--wait-timeout', String(healthTimeout)];
    const outcome = await run('docker', [...composeOf(project), 'up', ...wait], { cwd });
    return { worked: succeeded(outcome), said: lastLines(outcome.stderr, LINES) };
  };
  const [plain, scaled] = [`${name}-compose`, `${name}-scale`];
  let isUp = false;
  return [
    {
      title: '`docker compose up -d --wait`',
      project: plain,
      rollOut: () => up(plain),
    },
    {
      title: 'a rollout by scale',
      project: scaled,
      rollOut: async (changed) => {
        if (!isUp) {
          const outcome = await up(scaled);
          isUp = outcome.worked;
          return outcome;
        }
        const options = { compose: composeOf(scaled), cwd, healthTimeout };
        // It replaces what it is told to, whether that changed or not.
        for (const service of changed ? [changed] : PROVIDERS) {
          if (!(await rollOutByScale(options, service))) {
            return { worked: false, said: `the new container of ${service} was not healthy` };
          }
        }
        return { worked: true, said: '' };
      },
    },
    {
      title: '`nx affected -t compose-deploy`',
      project: `${name}-development`,
      rollOut: async (changed) => {
        const which = changed ? ['affected', '--base=HEAD~1', '--head=HEAD'] : ['run-many'];
        const { exitCode, output } = await workspace.startNx([...which, '-t', 'compose-deploy'])
          .ended;
        return { worked: exitCode === 0, said: lastLines(output, LINES) };
      },
    },
  ];
}
