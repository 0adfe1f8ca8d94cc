import { isDeepStrictEqual } from 'node:util';
import type { DerivedFile } from '../platform/derived-file';
import { ComposeEdit } from './compose-edit';
import { CLOSED_NETWORK, FORMER_BACKEND_NETWORK } from './paths';

/** The entries of a compose file that use the network that all datastores once shared. */
export function entriesInFormerBackend(path: string, text: string): string[] {
  const edit = new ComposeEdit(path, text);
  return [...edit.read(['services']).keys()].filter((name) =>
    edit.read(['services', name, 'networks']).has(FORMER_BACKEND_NETWORK),
  );
}

/** Removes the declaration of that network, if no person changed it. */
export function withoutFormerBackend(path: string, text: string): DerivedFile {
  const edit = new ComposeEdit(path, text);
  const at = ['networks', FORMER_BACKEND_NETWORK];
  if (isDeepStrictEqual(edit.value(at), CLOSED_NETWORK)) {
    edit.remove(at, `network ${FORMER_BACKEND_NETWORK} is not used any more`, 1);
  }
  return edit.toFile();
}
