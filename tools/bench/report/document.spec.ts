import { describe, expect, it } from 'vitest';
import { replaceBlock } from './document.js';

const DOCUMENT = `# Title

<!-- times: written by \`npm run bench\` -->

old

<!-- /times -->

kept
`;

describe('replaceBlock', () => {
  it('replaces what is between the comments, and can be run again', () => {
    const once = replaceBlock(DOCUMENT, 'times', 'new $1\n');
    expect(once).toBe(DOCUMENT.replace('old', () => 'new $1'));
    expect(replaceBlock(once, 'times', 'new $1')).toBe(once);
  });

  it('refuses a document without the block', () => {
    expect(() => replaceBlock(DOCUMENT, 'growth', 'x')).toThrow('no block "growth"');
  });
});
