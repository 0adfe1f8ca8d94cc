import { isDeepStrictEqual } from 'node:util';
import { parseDocument, visit, YAMLSeq, type Document } from 'yaml';
import { parseYamlDocument } from '../platform/yaml-source';
import { keepLines } from './keep-lines';

/**
 * The document as text. If nothing was edited, it is the original text. New lines are formatted as Prettier would, so
 * that a format check and `nx sync` never disagree.
 */
export function formatEdited(document: Document, path: string, current: string): string {
  const original = current.replaceAll('\r\n', '\n');
  const edited = formatDocument(document, original);
  const formatted = formatDocument(parseYamlDocument(path, original).document, original);
  const merged = keepLines(original, formatted, edited);
  // A merge by lines may change the meaning of the YAML. Then the layout of the original is dropped.
  const text = isSameDocument(merged, edited) ? merged : edited;
  return current.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text;
}

function isSameDocument(merged: string, edited: string): boolean {
  const document = parseDocument(merged);
  return (
    document.errors.length === 0 && isDeepStrictEqual(document.toJS(), parseDocument(edited).toJS())
  );
}

export function formatDocument(document: Document, current: string): string {
  visit(document, {
    // Prettier pads `{ a: 1 }` but not `[a]`. The library has one setting for both.
    Seq: (_key, seq) => {
      if (!seq.flow) return;
      seq.toString = function (context, ...rest) {
        return YAMLSeq.prototype.toString.call(
          this,
          context && { ...context, flowCollectionPadding: '' },
          ...rest,
        );
      };
    },
  });
  return document.toString({
    lineWidth: 0,
    singleQuote: true,
    nullStr: '',
    indent: /^( +)\S/m.exec(current)?.[1]?.length ?? 2,
  });
}
