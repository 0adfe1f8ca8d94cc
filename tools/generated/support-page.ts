import { format, resolveConfig } from 'prettier';
import { join } from 'node:path';
import { oneAtATime } from '../one-at-a-time.js';
import { readCommitted, ROOT, writeGenerated, type GeneratedFile } from './file.js';

/** The result of a run with one version of a tool. */
export interface SupportRow {
  /** `pnpm` */
  tool: string;
  /** `11.28.11` */
  version: string;
  /** What was run, in a user's words. */
  run: string;
  result: string;
  /** `2026-11-27` */
  date: string;
}

const RESULTS = 'docs/support/results.json';
const PAGE = 'docs/support.md';

/** The table of the page is between these lines. */
const START = '<!-- written by npm run docs from support/results.json -->';
const END = '<!-- end -->';

export function readSupportRows(): SupportRow[] {
  return JSON.parse(readCommitted(RESULTS) || '[]') as SupportRow[];
}

/** Replaces an earlier result for the same run and version, and renders the page. Runs beside each other may call it. */
export async function recordSupport(row: Omit<SupportRow, 'date'>): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  await oneAtATime('support-page', async () => {
    const others = readSupportRows().filter(
      ({ tool, version, run }) => tool !== row.tool || version !== row.version || run !== row.run,
    );
    const rows = [...others, { ...row, date }].sort((a, b) => compare(keyOf(a), keyOf(b)));
    writeGenerated([{ path: RESULTS, text: `${JSON.stringify(rows, null, 2)}\n` }]);
    writeGenerated([await supportPage()]);
  });
}

/** The page with the table of all results. */
export async function supportPage(): Promise<GeneratedFile> {
  const text = readCommitted(PAGE);
  const [before, after] = [text.indexOf(START), text.indexOf(END)];
  const cells = readSupportRows().map(({ tool, version, run, result, date }) => [
    tool,
    version,
    run,
    result,
    date,
  ]);
  const lines = [['tool', 'version', 'what ran', 'result', 'date'], Array(5).fill('---'), ...cells];
  const table = lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
  const page = `${text.slice(0, before)}${START}\n\n${table}\n\n${text.slice(after)}`;
  const options = await resolveConfig(join(ROOT, PAGE));
  return { path: PAGE, text: await format(page, { ...options, parser: 'markdown' }) };
}

function keyOf({ tool, version, run }: SupportRow): string {
  return [tool, version, run].join('\0');
}

function compare(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
