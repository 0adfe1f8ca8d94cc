import { asServed, planEdge, portHolders } from '../../deployment/edge-plan';
import { addressOf } from '../../deployment/project';
import { readEdgeFiles } from '../../effects/edge-files';
import { readEdge } from '../../effects/edge-state';
import { readEngineMachine } from '../../effects/host-address';
import type { RenderedEntries } from '../../effects/rendered-entries';
import { readServedCertificate } from '../../effects/served-certificate';
import { wantedEdge } from '../../effects/wanted-edge';
import { usesEdge } from '../../platform/edge-options';
import type { Environment } from '../../platform/environment';
import { UserError } from '../../platform/user-error';
import type { CanaryShares } from '../../deployment/canary';
import type { RunningContainer } from '../../deployment/container';
import type { Shell } from '../shell';
import type { EdgeStatusFacts, ShownCertificate } from './edge';

/** Reads everything about the edge; nothing if there is none and none is needed. */
export async function readEdgeStatus(
  shell: Shell,
  environment: Environment,
  rendered: RenderedEntries,
  containers: readonly RunningContainer[],
  shares: CanaryShares,
): Promise<EdgeStatusFacts | undefined> {
  const address = addressOf(environment);
  const state = await readEdge({ runner: shell.runner, address }, containers);
  const publications = (rendered.kind === 'rendered' && rendered.publications) || [];
  if (!state.container && (!usesEdge(environment) || publications.length === 0)) return undefined;
  const compared = await compare();
  const running = containers.find(({ id }) => id === state.container?.id);
  return {
    publications,
    ...(running ? { container: running } : {}),
    ...compared,
    certificates: running ? await readCertificates() : new Map<string, ShownCertificate>(),
  };

  async function compare(): Promise<Pick<EdgeStatusFacts, 'plan' | 'problem'>> {
    if (rendered.kind === 'unreadable') return { problem: 'its entry was not compared' };
    try {
      const now = new Date(shell.clock.now());
      const files = await readEdgeFiles({ ...shell, environment, now });
      const { config } = rendered;
      // What a service's own container holds goes over to the edge only when that is replaced.
      const holders = portHolders(containers, publications);
      const wanted = wantedEdge(
        { environment, config, ...files },
        asServed(publications, { containers, shares }),
      );
      return { plan: planEdge(state, wanted, holders) };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return { problem: error.message };
    }
  }

  async function readCertificates(): Promise<Map<string, ShownCertificate>> {
    const machine = await readEngineMachine(shell.runner, environment);
    const shown = new Map<string, ShownCertificate>();
    await Promise.all(
      publications.flatMap(({ publish }) => {
        if (publish.kind !== 'host' || publish.https === undefined || !machine) return [];
        const { https, address: own = '0.0.0.0' } = publish;
        const at = own === '0.0.0.0' ? machine.reachedBy : own;
        return publish.hosts.map(async (host) => {
          shown.set(host, await readServedCertificate(at, https, host.replace(/^\*/, 'any')));
        });
      }),
    );
    return shown;
  }
}
