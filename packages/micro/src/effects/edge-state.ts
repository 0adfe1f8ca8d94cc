import { type EdgeState, edgeContainers } from '../deployment/edge-plan';
import type { Container } from '../deployment/container';
import { docker, type EngineAddress } from '../docker/command';
import { readFileArguments } from '../docker/container';
import { onlyFileOf } from '../docker/tar';
import { CONFIG_FOLDER } from '../edge/caddy-config';
import { FINGERPRINT_FILE } from '../edge/edge-content';
import type { Runner } from './process';

/** Reads the running edge and the fingerprint of its configuration. */
export async function readEdge(
  { runner, address }: { runner: Runner; address: EngineAddress },
  containers: readonly Container[],
): Promise<EdgeState> {
  const state = edgeContainers(containers);
  if (!state.container) return state;
  const fingerprint = await readFingerprint({ runner, address }, state.container.id);
  return { ...state, ...(fingerprint === undefined ? {} : { fingerprint }) };
}

/** The fingerprint of a container's last configuration; `undefined` if it has none. */
export async function readFingerprint(
  { runner, address }: { runner: Runner; address: EngineAddress },
  id: string,
): Promise<string | undefined> {
  const file = `${CONFIG_FOLDER}/${FINGERPRINT_FILE}`;
  const { stdout } = await runner.run(docker(readFileArguments(id, file), address));
  return onlyFileOf(stdout);
}
