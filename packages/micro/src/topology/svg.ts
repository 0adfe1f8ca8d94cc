import type { ServiceNode, Topology } from './graph';
import { DATASTORE_HEIGHT, SERVICE_HEIGHT, type Box, type Layout, type Line } from './layout';

/** The picture as SVG; colours and states come from the page's style sheet and script. */
export function renderSvg(topology: Topology, { width, height, boxes, lines }: Layout): string {
  const services = new Map(topology.services.map((node) => [node.name, node]));
  return [
    `<svg id="picture" role="group" aria-label="Picture of the platform" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" xmlns="http://www.w3.org/2000/svg">`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7.5" refY="4" markerUnits="userSpaceOnUse" markerWidth="9" markerHeight="9" orient="auto-start-reverse"><path d="M0 0.5 8 4 0 7.5z"/></marker></defs>',
    '<g id="view">',
    '<g class="lines" aria-hidden="true">',
    ...lines.map(renderLine),
    '</g>',
    ...boxes.map((box) =>
      box.kind === 'service' ? renderService(box, services.get(box.name)!) : renderPill(box),
    ),
    '</g>',
    '</svg>',
  ].join('\n');
}

/** Text as it stands in HTML or SVG, in an attribute too. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function renderLine({ from, to, kind, points }: Line): string {
  return `<path class="line ${kind}" data-from="${escapeHtml(from)}" data-to="${escapeHtml(to)}" d="${curve(points)}" marker-end="url(#arrow)"/>`;
}

/** Through the middles between the points, which bend it: no corner is left. */
function curve(points: Line['points']): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (!first || !last) return '';
  const middles = rest.slice(0, -1).map(({ x, y }, index) => {
    const next = rest[index + 1]!;
    const end = index === rest.length - 2 ? next : { x: (x + next.x) / 2, y: (y + next.y) / 2 };
    return `Q${x} ${y} ${end.x} ${end.y}`;
  });
  return `M${first.x} ${first.y}${middles.length > 0 ? middles.join('') : `L${last.x} ${last.y}`}`;
}

function openBox({ id, kind, x, y }: Box, more: string, label: string): string {
  return `<g class="box ${kind}${more}" data-id="${escapeHtml(id)}" transform="translate(${x} ${y})" role="button" tabindex="-1" aria-pressed="false" aria-label="${escapeHtml(label)}">`;
}

function renderService(box: Box, node: ServiceNode): string {
  const { name, kind, port, datastores } = node;
  return [
    openBox(box, ` ${kind}`, labelOf(node)),
    `<rect class="card" width="${box.width}" height="${box.height}" rx="8"/>`,
    `<rect class="accent" x="1" y="8" width="4" height="${box.height - 16}" rx="2"/>`,
    `<text class="name" x="14" y="20">${escapeHtml(name)}</text>`,
    `<text class="what" x="14" y="36">${kind} :${port}</text>`,
    `<g class="state" aria-hidden="true" transform="translate(${box.width - 18} 16)"><circle r="8"/><text y="4" text-anchor="middle"></text></g>`,
    ...datastores.map(
      (store, index) =>
        `<g class="store" data-store="${escapeHtml(store.name)}" transform="translate(14 ${SERVICE_HEIGHT + index * DATASTORE_HEIGHT})"><path d="M0 3c0-4 12-4 12 0v8c0 4-12 4-12 0zM0 3c0 4 12 4 12 0"/><text x="18" y="11">${store.engine} ${store.purpose}</text></g>`,
    ),
    '</g>',
    // White space, so that words of two texts are two words for a screen reader too.
  ].join(' ');
}

/** What is seen, as a screen reader says it; the page adds what runs. */
function labelOf({ name, kind, port, datastores }: ServiceNode): string {
  const stores = datastores.map(({ engine, purpose }) => `${engine} ${purpose}`);
  return [name, `${kind} :${port}`, ...stores].join(', ');
}

function renderPill(box: Box): string {
  return [
    openBox(
      box,
      '',
      box.kind === 'outside' ? 'outside of the platform' : `${box.kind} ${box.name}`,
    ),
    `<rect class="card" width="${box.width}" height="${box.height}" rx="${box.height / 2}"/>`,
    `<text class="name" x="${box.width / 2}" y="${box.height / 2 + 4}" text-anchor="middle">${escapeHtml(box.name)}</text>`,
    '</g>',
  ].join('');
}
