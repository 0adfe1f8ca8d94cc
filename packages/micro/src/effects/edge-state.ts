import { type EdgeState, edgeContainers } from '../deployment/edge-plan';
import type { Container } from '../deployment/container';
import { docker, type EngineAddress } from '../docker/command';
import { readFileArguments } from '../docker/container';
import { onlyFileOf } from '../docker/tar';
import { CONFIG_FOLDER } from '../edge/caddy-config';
import { FINGERPRINT_FILE } from '../edge/edge-content';
import type { Runner } from './process';

/** What runs of the edge, and what it was last given. */
export async function readEdge(
  { runner, address }: { runner: Runner; address: EngineAddress },
  containers: readonly Container[],
): Promise<EdgeState> {
  const state = edgeContainers(containers);
  if (!state.container) return state;
  const fingerprint = await readFingerprint({ runner, address }, state.container.id);
  return { ...state, ...(fingerprint === undefined ? {} : { fingerprint }) };
}

/** What a container of the edge was last given; `undefined` if that was nothing. */
export async function readFingerprint(
  { runner, address }: { runner: Runner; address: EngineAddress },
  id: string,
): Promise<string | undefined> {
  const file = `${CONFIG_FOLDER}/${FINGERPRINT_FILE}`;
  const { stdout } = await runner.run(docker(readFileArguments(id, file), address));
  return onlyFileOf(stdout);
}
