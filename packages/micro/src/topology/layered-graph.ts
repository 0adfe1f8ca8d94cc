import * as dagre from '@dagrejs/dagre';

interface Point {
  x: number;
  y: number;
}

interface Size {
  width: number;
  height: number;
}

/** What is used of dagre's graph. */
interface LayeredGraph {
  setGraph(label: Readonly<Record<string, string | number>>): void;
  graph(): Partial<Size>;
  setNode(id: string, size: Size): void;
  /** With the middle of the box, once it is laid out. */
  node(id: string): Size & Point;
  setEdge(from: string, to: string, label: object): void;
  edge(from: string, to: string): { points: Point[] };
}

// Its own types name their files without extension, so that TypeScript finds none under "nodenext".
const { graphlib, layout } = dagre as unknown as {
  graphlib: { Graph: new () => LayeredGraph };
  layout: (graph: LayeredGraph) => void;
};

/** How far boxes stand from each other, in pixels. */
export interface Spacing {
  margin: number;
  betweenLayers: number;
  betweenBoxes: number;
}

/**
 * Places boxes in layers from left to right, so that edges lead to the right and cross seldom: the
 * method of Sugiyama, as dagre has it.
 *
 * @returns the size of it all, the middle of each box, and the bends of each edge in the order given.
 */
export function layOut(
  boxes: readonly ({ id: string } & Size)[],
  edges: readonly { from: string; to: string }[],
  { margin, betweenLayers, betweenBoxes }: Spacing,
): Size & { middles: Point[]; bends: Point[][] } {
  const graph = new graphlib.Graph();
  graph.setGraph({
    rankdir: 'LR',
    ranker: 'network-simplex',
    nodesep: betweenBoxes,
    edgesep: betweenBoxes / 2,
    ranksep: betweenLayers,
    marginx: margin,
    marginy: margin,
  });
  for (const { id, width, height } of boxes) graph.setNode(id, { width, height });
  for (const { from, to } of edges) graph.setEdge(from, to, {});
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    width,
    height,
    middles: boxes.map(({ id }) => graph.node(id)),
    bends: edges.map(({ from, to }) => graph.edge(from, to).points),
  };
}
