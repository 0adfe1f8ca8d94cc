import type { DerivedFile } from '../platform/derived-file';

export const TOPOLOGY_FILE = 'docs/topology.md';

const START = '<!-- topology: kept by `nx sync`; what stands around it is yours -->';
const END = '<!-- /topology -->';

/** What a new file says around the picture; a person may change all of it. */
const TITLE =
  '# Topology\n\nWho calls whom in this platform, drawn from the manifests of its services.\n\n';

/**
 * The file with the picture between its marks; the text around them is a person's.
 *
 * @param create whether a file that has no picture gets one, at its end.
 * @returns `undefined` if there is no picture and none is to be made.
 */
export function deriveTopologyDocument(
  mermaid: string,
  current: string | undefined,
  create = false,
): DerivedFile | undefined {
  const block = `${START}\n\n\`\`\`mermaid\n${mermaid}\`\`\`\n\n${END}`;
  const place = current === undefined ? undefined : placeOf(current);
  if (current !== undefined && place) {
    const isSame = withoutFormat(current.slice(...place)) === withoutFormat(block);
    const text = isSame ? current : current.slice(0, place[0]) + block + current.slice(place[1]);
    return {
      path: TOPOLOGY_FILE,
      text,
      drift: isSame ? [] : ['the diagram is out of date'],
    };
  }
  if (!create) return undefined;
  const before = current === undefined ? TITLE : `${current.trimEnd()}\n\n`;
  return { path: TOPOLOGY_FILE, text: `${before}${block}\n`, drift: ['the diagram is missing'] };
}

/** From the first mark to the end of the second; `undefined` if one of them is missing. */
function placeOf(text: string): [number, number] | undefined {
  const start = text.indexOf(START);
  const end = text.indexOf(END, start);
  return start < 0 || end < 0 ? undefined : [start, end + END.length];
}

function withoutFormat(text: string): string {
  return text.replace(/\r/g, '').replace(/^[ \t]+|[ \t]+$|\n(?=\n)/gm, '');
}
