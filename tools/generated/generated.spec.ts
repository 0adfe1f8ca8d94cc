import { expect, test } from 'vitest';
import { editorSchemas, outputSchemas } from './editor-schemas.js';
import { readCommitted } from './file.js';
import { optionTables } from './option-tables.js';
import { supportPage } from './support-page.js';

test.each([...editorSchemas(), ...outputSchemas()])(
  '$path is what `npm run schemas` writes',
  ({ path, text }) => {
    expect(readCommitted(path)).toBe(text);
  },
);

test.each([...(await optionTables()), await supportPage()])(
  '$path is what `npm run docs` writes',
  ({ path, text }) => {
    expect(readCommitted(path)).toBe(text);
  },
);
