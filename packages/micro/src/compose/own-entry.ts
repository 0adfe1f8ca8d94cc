import { posix } from 'node:path';
import { serviceRepository } from '../platform/image-reference';
import type { Platform, Service } from '../platform/platform';
import type { ComposeEdit } from './compose-edit';
import { SERVICE_HARDENING } from './hardening';
import { FORMER_BACKEND_NETWORK } from './paths';

/** Whatever runs the image of a service names it, and how it is built if there is no Nx. */
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

/** What a new entry with our code starts with, and a person may change. */
export function seedOwnEntry(
  edit: ComposeEdit,
  entry: string,
  keys: Readonly<Record<string, unknown>>,
): void {
  for (const [key, value] of Object.entries({ ...keys, ...SERVICE_HARDENING })) {
    edit.seed(['services', entry, key], value);
  }
}

/** Adds an entry to a network and removes it from the former one. Its other networks stay. */
export function convergeNetwork(edit: ComposeEdit, entry: string, network: string): void {
  edit.converge(['services', entry, 'networks'], {
    wanted: { [network]: null },
    isStale: (name) => name === FORMER_BACKEND_NETWORK,
    form: 'list',
    ownsValues: false,
    label: (name) => `${entry}: network ${name}`,
  });
}
