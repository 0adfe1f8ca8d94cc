import { posix } from 'node:path';
import { serviceRepository } from '../platform/image-reference';
import type { Platform, Service } from '../platform/platform';
import type { ComposeEdit } from './compose-edit';
import { SERVICE_HARDENING } from './hardening';
import { FORMER_BACKEND_NETWORK } from './paths';

/** The image of a service, and how to build it without Nx. For every entry that runs the image. */
export function convergeOwnImage(
  edit: ComposeEdit,
  entry: string,
  platform: Platform,
  { name, root }: Service,
): void {
  const at = ['services', entry];
  edit.set([...at, 'image'], `${serviceRepository(platform.name, name)}:local`);
  edit.set([...at, 'build', 'context'], posix.relative(root, '.'));
  edit.set([...at, 'build', 'dockerfile'], posix.join(root, 'Dockerfile'));
}

/** The hardening of a new entry that runs our code. A person may change it. */
export function seedOwnEntry(
  edit: ComposeEdit,
  entry: string,
  keys: Readonly<Record<string, unknown>>,
): void {
  for (const [key, value] of Object.entries({ ...keys, ...SERVICE_HARDENING })) {
    edit.seed(['services', entry, key], value);
  }
}

/** Adds an entry to a network and removes it from the former one. The entry's other networks stay. */
export function convergeNetwork(edit: ComposeEdit, entry: string, network: string): void {
  edit.converge(['services', entry, 'networks'], {
    wanted: { [network]: null },
    isStale: (name) => name === FORMER_BACKEND_NETWORK,
    form: 'list',
    ownsValues: false,
    label: (name) => `${entry}: network ${name}`,
  });
}
