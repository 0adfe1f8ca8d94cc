import { describe, expect, it } from 'vitest';
import { deriveTopologyDocument, TOPOLOGY_FILE } from './document';

const ONE = 'flowchart LR\n  one\n';
const TWO = 'flowchart LR\n  two\n';
const made = deriveTopologyDocument(ONE, undefined, true)!.text;

describe('deriveTopologyDocument', () => {
  it('creates the file only if told to', () => {
    expect(deriveTopologyDocument(ONE, undefined)).toBeUndefined();
    expect(deriveTopologyDocument(ONE, '# Mine\n')).toBeUndefined();
    expect(deriveTopologyDocument(ONE, undefined, true)).toEqual({
      path: TOPOLOGY_FILE,
      text: expect.stringMatching(
        /^# Topology\n[^]*\n<!-- topology: .* -->\n\n```mermaid\nflowchart LR\n {2}one\n```\n\n<!-- \/topology -->\n$/,
      ) as string,
      drift: ['the diagram is missing'],
    });
  });

  it.each([
    ['as it was made', made],
    ['with other line ends', made.replaceAll('\n', '\r\n')],
    ['with fewer empty lines', made.replace('-->\n\n```', '-->\n```')],
    ['with text around it', `Before.\n${made}After.\n`],
  ])('leaves a file that is right %s', (_, text) => {
    expect(deriveTopologyDocument(ONE, text)).toEqual({ path: TOPOLOGY_FILE, text, drift: [] });
  });

  it('replaces only what is between the marks', () => {
    const file = deriveTopologyDocument(TWO, `Before.\n${made}After.\n`)!;
    expect(file.text).toBe(`Before.\n${made.replace('one', 'two')}After.\n`);
    expect(file.drift).toEqual(['the diagram is out of date']);
  });

  it('does not touch a file whose second mark is gone', () => {
    const text = made.replace('<!-- /topology -->\n', '');
    expect(deriveTopologyDocument(TWO, text)).toBeUndefined();
  });
});
