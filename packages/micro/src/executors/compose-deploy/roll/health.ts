import type { Container } from '../../../deployment/container';
import { readContainers, readLastLogLines } from '../../../effects/containers';
import { UserError } from '../../../platform/user-error';
import { visible } from '../../../platform/visible';
import { idsOf, type Roll } from './roll-state';

const LOG_LINES = 20;
/** One look costs the engine a few milliseconds. */
const POLL_MILLISECONDS = 100;
/** How long a container without a health check has to stay up. */
const STEADY_MILLISECONDS = 3000;
/** A container that was restarted this often will not become healthy by waiting. */
const TOO_MANY_RESTARTS = 3;

/**
 * Waits until all of these containers are healthy, and returns them. @throws {UserError} if one is not healthy in time.
 */
export async function waitUntilHealthy(
  {
    runner,
    address,
    healthTimeout,
    service,
    clock,
  }: Pick<Roll, 'runner' | 'address' | 'healthTimeout' | 'service' | 'clock'>,
  ids: readonly string[],
): Promise<Container[]> {
  const started = clock.now();
  const since = new Map<string, { restarts: number; at: number }>();
  for (;;) {
    const containers = await readContainers(runner, address, ids);
    const now = clock.now();
    const waited = now - started;
    for (const { id, restarts } of containers) {
      if (since.get(id)?.restarts === restarts) continue;
      since.set(id, { restarts, at: since.has(id) ? now : started });
    }
    const ill = containers.find(isLost);
    if (containers.length < ids.length || ill) {
      throw new UserError(
        `${service}: ${ill ? `${ill.name} ${describe(ill)}` : 'a new container is gone'}`,
      );
    }
    const isUp = ({ id, state, health }: Container) =>
      state === 'running' &&
      (health === 'healthy' ||
        (health === 'none' && now - since.get(id)!.at >= STEADY_MILLISECONDS));
    if (containers.every(isUp)) return containers;
    if (waited > healthTimeout * 1000) {
      const slow = containers.find((container) => !isUp(container))!;
      const what =
        slow.health === 'none'
          ? `ended ${slow.restarts} times and did not stay up for ${STEADY_MILLISECONDS / 1000} s within`
          : 'was not healthy after';
      throw new UserError(
        `${service}: ${slow.name} ${what} ${healthTimeout} s (healthTimeout of the environment)`,
      );
    }
    await clock.sleep(POLL_MILLISECONDS);
  }
}

/** Checks until a given time that containers stay healthy. */
export type Watch = (
  parts: Pick<Roll, 'runner' | 'address' | 'steady' | 'service' | 'clock'>,
  until: number,
) => Promise<void>;

/**
 * Watches new containers while the old ones still run. It throws a {@link UserError} if one does not stay healthy, or
 * was restarted.
 */
export function watchOf(containers: readonly Container[], healthyAt: number): Watch {
  const ids = idsOf(containers);
  const restarts = new Map<string, number>();
  return async ({ runner, address, steady, service, clock }, until) => {
    for (let left = until - clock.now(); left > 0; left = until - clock.now()) {
      const now = ids.length > 0 ? await readContainers(runner, address, ids) : [];
      const ill = now.find((container) => {
        const before = restarts.get(container.id) ?? container.restarts;
        restarts.set(container.id, before);
        const { state, health } = container;
        return state !== 'running' || health === 'unhealthy' || container.restarts > before;
      });
      if (ill || now.length < ids.length) {
        const time = ((clock.now() - healthyAt) / 1000).toFixed(1);
        const what = ill ? `${ill.name} ${describeEnd(ill)}` : 'a new container was gone';
        const counted = now.some(({ health }) => health === 'none') ? 'started' : 'healthy';
        throw new UserError(
          `${service}: ${what} ${time} s after it was ${counted} (it must stay that way for ${steady} s, "steady" of the environment)`,
        );
      }
      await clock.sleep(Math.min(POLL_MILLISECONDS, left));
    }
  };
}

function describeEnd({ health, state }: Container): string {
  // An exited container may be reported as unhealthy too.
  if (state !== 'running' && state !== 'restarting') return `was ${state}`;
  return health === 'unhealthy' ? 'was unhealthy' : 'ended and was restarted';
}

function isLost({ state, health, restarts }: Container): boolean {
  return (
    health === 'unhealthy' ||
    state === 'exited' ||
    state === 'dead' ||
    restarts >= TOO_MANY_RESTARTS
  );
}

function describe({ state, health, restarts }: Container): string {
  if (health === 'unhealthy' && state === 'running') return 'is unhealthy';
  return restarts >= TOO_MANY_RESTARTS ? `ended ${restarts} times` : `is ${state}`;
}

const NEVER_CHECKED =
  '  its health check has not ended once: compare its "interval" and "timeout" with healthTimeout; Podman runs health checks only if systemd runs';

/** The last log lines and health check output of the new containers. */
export async function readLastWords(
  { undo: { runner }, address }: Pick<Roll, 'address' | 'undo'>,
  ids: readonly string[],
): Promise<string[]> {
  const containers = await readContainers(runner, address, ids).catch(() => []);
  const lines: string[] = [];
  for (const { id, name, state, health, healthOutput } of containers) {
    if (state === 'created') continue;
    const logs = await readLastLogLines(runner, address, id, LOG_LINES).catch(() => '');
    lines.push(`  the last lines of ${name}:`, indent(logs === '' ? '(it wrote nothing)' : logs));
    if (healthOutput) lines.push('  its last health check said:', indent(healthOutput));
    else if (health === 'starting' && healthOutput === undefined) lines.push(NEVER_CHECKED);
  }
  return lines;
}

function indent(text: string): string {
  return visible(text).replace(/^/gm, '    ');
}
