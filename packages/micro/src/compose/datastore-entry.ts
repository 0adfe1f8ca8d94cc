import { formatStale } from '../platform/derived-file';
import { backingImage, engineOfImage, type BackingImage } from './datastore-image';
import type { ComposeEdit } from './compose-edit';
import type { BackingService } from './datastore';
import { backingHardening } from './hardening';
import { holdsPassword } from './secret-reference';
import { convergeNetwork } from './own-entry';

/**
 * Updates the entry of a datastore or broker. Sync writes it once. Later it only changes what services rely on: the
 * engine, the credentials and the network.
 */
export function convergeBacking(
  edit: ComposeEdit,
  { name, engine, user }: BackingService,
  network: string,
): void {
  const at = ['services', name];
  const backing = backingImage(engine, name, user);
  const { image, environment, capabilities, volume, extra = {} } = backing;
  const entrypoint = entrypointOf(backing);
  const present = edit.value([...at, 'image']);
  const runs = typeof present === 'string' ? engineOfImage(present) : undefined;
  if (runs !== undefined && runs !== engine) {
    removeEntry(edit, name, `${name} runs ${runs}, the manifest says ${engine}`);
  }
  const volumeName = volume === undefined ? undefined : `${name}-${engine}`;
  if (!edit.has(at)) {
    edit.seed(
      at,
      {
        image,
        ...(entrypoint ? { entrypoint } : {}),
        ...extra,
        restart: 'unless-stopped',
        stop_grace_period: '30s',
        ...backingHardening(capabilities),
        environment,
        ...(volumeName === undefined ? {} : { volumes: [`${volumeName}:${volume}`] }),
        networks: [network],
        healthcheck: healthcheckOf(backing),
      },
      `${name} is missing`,
    );
    if (volumeName !== undefined) edit.declare(['volumes', volumeName], null);
    return;
  }
  edit.converge([...at, 'environment'], {
    wanted: environment,
    isStale: (variable) => (backing.formerEnvironment ?? []).includes(variable),
    form: 'map',
    ownsValues: true,
    isSecret: (variable) => holdsPassword(environment[variable] ?? '', name),
    label: (variable) => `${name}: ${variable}`,
  });
  if (entrypoint && isOurs(edit.value([...at, 'entrypoint']))) {
    edit.put(
      [...at, 'entrypoint'],
      entrypoint,
      `${name}: the entrypoint is not what its accounts need`,
    );
  }
  convergeNetwork(edit, name, network);
}

/**
 * Compose fills in variables, unless the dollar sign is doubled. The argument after the script is the script's name.
 */
function entrypointOf({ entrypoint }: BackingImage): string[] | undefined {
  return entrypoint === undefined
    ? undefined
    : ['sh', '-ec', entrypoint.replaceAll('$', '$$$$'), 'sh'];
}

/** Whether an entry has no entrypoint that a person wrote. */
function isOurs(entrypoint: unknown): boolean {
  return (
    entrypoint === undefined ||
    (Array.isArray(entrypoint) && String(entrypoint[2]).includes('exec docker-entrypoint.sh'))
  );
}

/**
 * If a check takes too long, the engine kills only its shell. Programs that the shell started keep running and slow
 * down the next check. So a check that needs much CPU ends itself before that.
 */
function healthcheckOf({ check, heavyCheck }: BackingImage): Record<string, unknown> {
  return heavyCheck
    ? {
        test: ['CMD-SHELL', `timeout -k 1 25 ${check}`],
        interval: '10s',
        timeout: '30s',
        retries: 6,
        start_period: '60s',
      }
    : {
        test: ['CMD-SHELL', check],
        interval: '5s',
        timeout: '5s',
        retries: 12,
        start_period: '30s',
      };
}

/**
 * Removes an entry that sync wrote, which it recognises by the password in it, and returns whether it did. A person's
 * entry of that name stays.
 */
export function removeBacking(edit: ComposeEdit, name: string): boolean {
  const entry = edit.value(['services', name]);
  if (entry === undefined || !holdsPassword(JSON.stringify(entry), name)) return false;
  removeEntry(edit, name, formatStale(name));
  return true;
}

/** Removes the declaration of its volume, too. The volume itself stays on the engine. */
function removeEntry(edit: ComposeEdit, name: string, drift: string): void {
  const mounts = edit.value(['services', name, 'volumes']);
  edit.remove(['services', name], drift, 1);
  for (const mount of Array.isArray(mounts) ? mounts : []) {
    const volume = typeof mount === 'string' ? mount.split(':')[0]! : '';
    if (volume.startsWith(`${name}-`)) {
      edit.remove(['volumes', volume], `volume ${volume} is not used any more`, 1);
    }
  }
}
