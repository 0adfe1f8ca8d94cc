import { posix } from 'node:path';
import ts from 'typescript';

/**
 * Whether two TypeScript modules say the same, whatever formatter went over them: quotes, semicolons, commas, line
 * breaks, the parentheses of a lone parameter and the order of imports are format; comments are not.
 */
export function isSameCode(a: string, b: string): boolean {
  return a === b || normalizedCode(a) === normalizedCode(b);
}

/** All names and texts in a module: identifiers, and strings without their quotes. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) || ts.isStringLiteralLike(node)) words.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(parseModule(text));
  return [...new Set(words)];
}

/** The modules that a module imports, as written in it: `./callers.js`. */
export function importsOf(text: string): string[] {
  return ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName);
}

/** Whether a module imports one that is beside it: `./links`, `./links.js`. */
export function importsBeside(text: string, name: string): boolean {
  return importsOf(text).some(
    (from) =>
      from.startsWith('./') && posix.join(posix.dirname(from), posix.parse(from).name) === name,
  );
}

function parseModule(text: string): ts.SourceFile {
  return ts.createSourceFile('module.ts', text, ts.ScriptTarget.Latest, true);
}

function normalizedCode(text: string): string {
  const source = parseModule(text);
  const comments: string[] = [];
  const statements = source.statements.map((statement) => ({
    isImport: ts.isImportDeclaration(statement),
    tokens: tokensOf(statement, source, comments),
  }));
  tokensOf(source.endOfFileToken, source, comments);
  const inOrder = (isImport: boolean) =>
    statements.filter((one) => one.isImport === isImport).map(({ tokens }) => tokens.join(' '));
  return [...comments, ...inOrder(true).sort(), ...inOrder(false)].join('\n');
}

function tokensOf(node: ts.Node, source: ts.SourceFile, comments: string[]): string[] {
  const children = node.getChildren(source);
  if (children.length === 0) {
    comments.push(...commentsBefore(node, source));
    return tokenOf(node, source);
  }
  const parts = children.map((child) => tokensOf(child, source, comments));
  // What is imported by its name may be in any order.
  const isNames = node.kind === ts.SyntaxKind.SyntaxList && ts.isNamedImports(node.parent);
  return (isNames ? parts.sort((a, b) => (a.join() < b.join() ? -1 : 1)) : parts).flat();
}

function tokenOf(node: ts.Node, source: ts.SourceFile): string[] {
  if (isPunctuation(node)) return [];
  const { parent } = node;
  if (ts.isStringLiteral(node)) return [JSON.stringify(node.text)];
  const isKey = parent && ts.isPropertyAssignment(parent) && parent.name === node;
  return [isKey && ts.isIdentifier(node) ? JSON.stringify(node.text) : node.getText(source)];
}

function isPunctuation({ kind, parent }: ts.Node): boolean {
  switch (kind) {
    case ts.SyntaxKind.SemicolonToken:
    case ts.SyntaxKind.CommaToken:
    case ts.SyntaxKind.SyntaxList:
      return true;
    case ts.SyntaxKind.OpenParenToken:
    case ts.SyntaxKind.CloseParenToken:
      return ts.isArrowFunction(parent);
    default:
      return false;
  }
}

function commentsBefore(node: ts.Node, source: ts.SourceFile): string[] {
  const ranges = [
    ...(ts.getLeadingCommentRanges(source.text, node.pos) ?? []),
    ...(ts.getTrailingCommentRanges(source.text, node.pos) ?? []),
  ];
  return ranges.map(({ pos, end }) => source.text.slice(pos, end).replace(/\s+/g, ' '));
}
