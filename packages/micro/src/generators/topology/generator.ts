import { formatFiles, type Tree } from '@nx/devkit';
import { deriveTopologyDocument, TOPOLOGY_FILE } from '../../topology/document';
import { topologyOf } from '../../topology/graph';
import { renderMermaid } from '../../topology/mermaid';
import { readTreePlatform } from '../workspace-tree';

export interface TopologySchema {
  skipFormat?: boolean;
}

/** `nx g @org/micro:topology`: the picture of the platform, which `nx sync` keeps from then on. */
export async function topologyGenerator(tree: Tree, schema: TopologySchema = {}): Promise<void> {
  const mermaid = renderMermaid(topologyOf(readTreePlatform(tree)));
  const current = tree.read(TOPOLOGY_FILE, 'utf8') ?? undefined;
  const file = deriveTopologyDocument(mermaid, current, true);
  if (file && file.drift.length > 0) tree.write(file.path, file.text);
  if (!schema.skipFormat) await formatFiles(tree);
}

export default topologyGenerator;
