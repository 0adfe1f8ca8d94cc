import { globSync } from 'node:fs';
import { readCommitted, ROOT } from '../generated/file.js';

/** A fenced example of a document. */
export interface Example {
  /** The place where its text begins: `docs/events.md:14`. */
  place: string;
  language: string;
  text: string;
  /** The file named by the comment in its first line: `# apps/orders/service.yml`. */
  path?: string;
}

/** The documents for users of the product. */
export function documents(): string[] {
  return [
    'README.md',
    'packages/chassis/README.md',
    ...globSync('docs/*.md', { cwd: ROOT }).sort(),
  ];
}

/** Every fenced block of a document that names its language. */
export function readExamples(document: string, text = readCommitted(document)): Example[] {
  const examples: Example[] = [];
  let open:
    { fence: string; language: string; line: number; indent: number; lines: string[] } | undefined;
  text.split('\n').forEach((line, index) => {
    const content = line.trimStart();
    if (!open) {
      const fence = '`'.repeat(content.length - content.replace(/^`+/, '').length);
      if (fence.length < 3) return;
      const language = content.slice(fence.length).trim();
      open = { fence, language, line: index + 2, indent: line.length - content.length, lines: [] };
    } else if (content.trimEnd() === open.fence) {
      if (open.language !== '') examples.push(toExample(document, open));
      open = undefined;
    } else {
      open.lines.push(line.slice(open.indent));
    }
  });
  if (open) throw new Error(`${document}:${open.line}: the fence is not closed`);
  return examples;
}

function toExample(
  document: string,
  { language, line, lines }: { language: string; line: number; lines: readonly string[] },
): Example {
  const named = /^(?:#|\/\/|--) ([\w.@/<>-]+\.\w+)\s*$/.exec(lines[0] ?? '')?.[1];
  return {
    place: `${document}:${line}`,
    language,
    text: `${lines.join('\n')}\n`,
    ...(named === undefined ? {} : { path: named }),
  };
}
