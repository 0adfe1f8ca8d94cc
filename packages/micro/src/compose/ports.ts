import { z } from 'zod';
import { formatDrift } from '../platform/derived-file';
import type { Service } from '../platform/platform';
import type { ComposeEdit } from './compose-edit';

/** `8080:3001`, `127.0.0.1:3001:3001/tcp` */
const SHORT = /^(?:(?<address>.+):)?(?<published>\d+):(?<target>\d+)(?:\/tcp)?$/;

const LONG = z.object({
  target: z.coerce.number(),
  published: z.coerce.number(),
  host_ip: z.string().optional(),
});

/** Whether the development stack publishes a service's port. If so, the service can only have one container. */
export function publishesPort({ kind }: Pick<Service, 'kind'>): boolean {
  return kind === 'gateway';
}

/**
 * Publishes a gateway on this machine under its own port, and no other service. An item of `ports` is ours if it maps a
 * port to the same port of the host. Others, such as a debugger's, belong to a person.
 *
 * @param before the service's port when the file was last written.
 */
export function convergePorts(
  edit: ComposeEdit,
  { name, kind, port }: Service,
  before: number,
): void {
  const path = ['services', name, 'ports'];
  const wanted = publishesPort({ kind }) ? `127.0.0.1:${port}:${port}` : undefined;
  let isThere = false;
  // From the end, so that removing an item does not move the index of those still to come.
  for (const [index, item] of [...edit.items(path).entries()].reverse()) {
    const ours = publishedUnderItself(item);
    if (!ours || (ours.port !== port && ours.port !== before)) continue;
    if (ours.text === wanted && !isThere) isThere = true;
    else if (wanted === undefined || isThere) {
      edit.removeItem(path, index, `port ${ours.port} is published, the manifest has no gateway`);
    } else {
      edit.replaceItem(path, index, wanted, formatDrift('the published port', ours.text, wanted));
      isThere = true;
    }
  }
  if (wanted !== undefined && !isThere) {
    const end = edit.items(path).length;
    edit.insertItem(path, end, wanted, `the published port ${wanted} is missing`);
  }
}

function publishedUnderItself(item: unknown): { port: number; text: string } | undefined {
  const { address, published, target } = readMapping(item) ?? {};
  if (published === undefined || published !== target) return undefined;
  return { port: published, text: `${address ? `${address}:` : ''}${published}:${target}` };
}

/** The two ports of an item of `ports`. They are NaN if the item does not contain them literally. */
export function readMapping(item: unknown) {
  if (typeof item === 'string') {
    const { address, published, target } = SHORT.exec(item)?.groups ?? {};
    return { address, published: Number(published), target: Number(target) };
  }
  const long = LONG.safeParse(item).data;
  return long && { address: long.host_ip, published: long.published, target: long.target };
}
