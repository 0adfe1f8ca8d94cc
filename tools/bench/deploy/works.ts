import { randomBytes } from 'node:crypto';
import { breakProvider, writeVersion, type Provider } from '../../testing/rolled-platform.js';
import type { Workspace } from '../../testing/workspace.js';

/** The service that changes. */
export const CHANGED: Provider = 'orders';

/** A change to a workspace, which is then rolled out. */
export interface Work {
  id: string;
  title: string;
  /** Whether a deploy could know which service changed. */
  isKnown: boolean;
  /** Changes the workspace, commits and builds the image. This time does not count. */
  prepare: (workspace: Workspace) => Promise<void>;
  /** Whether to revert it afterwards. It is measured once, because Compose only gives up after more than a minute. */
  isBad?: boolean;
  /** Whether nothing of the platform is there before, so that there is no load either. */
  isFirst?: boolean;
  /** Whether the image still has to be built. If so, that time counts. */
  isToBuild?: boolean;
}

export const WORKS: readonly Work[] = [
  {
    id: 'version',
    title: 'a new version of one service',
    isKnown: true,
    prepare: async (workspace) => {
      await writeVersion(workspace, CHANGED, nonce());
      await build(workspace, 'A new version');
    },
  },
  {
    id: 'variable',
    title: 'one variable of one service',
    isKnown: true,
    prepare: async (workspace) => {
      const file = `apps/${CHANGED}/compose.yaml`;
      const lines = (await workspace.read(file)).replace(/^ *ROUND: .*\n/m, '');
      const variables = 'environment:\n';
      await workspace.write(
        file,
        lines.replace(variables, `${variables}      ROUND: ${nonce()}\n`),
      );
      await build(workspace, 'A variable');
    },
  },
  {
    id: 'edit',
    title: 'a line of one service, from the edit to running',
    isKnown: true,
    isToBuild: true,
    prepare: async (workspace) => {
      await writeVersion(workspace, CHANGED, nonce());
      await workspace.commit('A line');
    },
  },
  {
    id: 'first',
    title: 'a first deploy, of all four services',
    isKnown: false,
    isFirst: true,
    prepare: () => Promise.resolve(),
  },
  { id: 'nothing', title: 'nothing changed', isKnown: false, prepare: () => Promise.resolve() },
  {
    id: 'broken',
    title: 'a version that is never healthy',
    isKnown: true,
    isBad: true,
    prepare: async (workspace) => {
      await writeVersion(workspace, CHANGED, nonce());
      await breakProvider(workspace, CHANGED);
      await build(workspace, 'A version that is never healthy');
    },
  },
];

/** Reverts the last change. */
export async function takeBack(workspace: Workspace): Promise<void> {
  await workspace.git('revert', '--no-edit', 'HEAD');
  await workspace.nx('docker-build', CHANGED);
}

async function build(workspace: Workspace, message: string): Promise<void> {
  await workspace.commit(message);
  await workspace.nx('docker-build', CHANGED);
}

function nonce(): string {
  return `v${randomBytes(4).toString('hex')}`;
}
