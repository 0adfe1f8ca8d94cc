import ts from 'typescript';

/**
 * The field whose value is the key by which an event is handled in order: `orderBy` of its `defineEvent`.
 *
 * @param contract the module with the contract, also if a person wrote it.
 * @returns undefined if there is none, or if it is not written there as a text.
 */
export function orderByOf(event: string, contract: string): string | undefined {
  if (!contract.includes('orderBy')) return undefined;
  const source = ts.createSourceFile('contract.ts', contract, ts.ScriptTarget.Latest, true);
  const find = (node: ts.Node): string | undefined =>
    (isDefinitionOf(event, node) ? orderByIn(node.arguments[2]) : undefined) ??
    ts.forEachChild(node, find);
  return find(source);
}

function isDefinitionOf(event: string, node: ts.Node): node is ts.CallExpression {
  if (!ts.isCallExpression(node) || node.expression.getText() !== 'defineEvent') return false;
  const [name] = node.arguments;
  return name !== undefined && ts.isStringLiteralLike(name) && name.text === event;
}

function orderByIn(options: ts.Expression | undefined): string | undefined {
  if (!options || !ts.isObjectLiteralExpression(options)) return undefined;
  const given = options.properties
    .filter((property) => ts.isPropertyAssignment(property))
    .find(({ name }) => !ts.isComputedPropertyName(name) && name.text === 'orderBy');
  return given && ts.isStringLiteralLike(given.initializer) ? given.initializer.text : undefined;
}
