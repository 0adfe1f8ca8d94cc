import type { Tree } from '@nx/devkit';
import { posix } from 'node:path';
import ts from 'typescript';

const STATEMENT = 'broker.subscribe(subscriptions';

/** The texts to insert into an app.ts, with their offsets. */
interface Insertion {
  at: number;
  text: string;
}

/**
 * Has the app of a service that got its broker later give its handlers to it.
 *
 * @returns false if a person's app.ts does not connect its resources as a generated one does, and they have to do it.
 */
export function subscribeInApp(tree: Tree, root: string): boolean {
  const file = posix.join(root, 'src/app.ts');
  const text = tree.read(file, 'utf8') ?? '';
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  if (find(source, isSubscription)) return true;
  const insertions = planInsertions(source);
  if (!insertions) return false;
  tree.write(
    file,
    insertions
      .sort((a, b) => b.at - a.at)
      .reduce(
        (before, { at, text: added }) => before.slice(0, at) + added + before.slice(at),
        text,
      ),
  );
  return true;
}

/** What a person has to do if {@link subscribeInApp} cannot. */
export function howToSubscribe(root: string): string {
  return `${root}/src/app.ts does not give its handlers to the broker: before createService, call resources.${STATEMENT}(resources)), with connectResources(config) of src/resources.ts and subscriptions of src/subscriptions.ts, and give the resources to createService`;
}

function planInsertions(source: ts.SourceFile): Insertion[] | undefined {
  const imported = source.statements.find(isResourcesImport);
  const connected = find(source, isConnected);
  const body = connected && bodyOf(connected);
  const before = body && statementAfter(body, connected);
  if (!imported || !before) return undefined;
  const quote = imported.moduleSpecifier.getText(source)[0]!;
  const end = imported.getText(source).endsWith(';') ? ';' : '';
  const feed = source.text.includes('\r\n') ? '\r\n' : '\n';
  const at = before.getStart(source);
  const indent = source.text.slice(source.text.lastIndexOf('\n', at) + 1, at);
  const name = (connected.name as ts.Identifier).text;
  return [
    {
      at: imported.getEnd(),
      text: `${feed}import { subscriptions } from ${quote}./subscriptions.js${quote}${end}`,
    },
    { at, text: `${name}.${STATEMENT}(${name}))${end}${feed}${indent}` },
  ];
}

/** `resources.broker.subscribe(…)` */
function isSubscription(node: ts.Node): node is ts.CallExpression {
  return (
    ts.isCallExpression(node) &&
    ts.isPropertyAccessExpression(node.expression) &&
    node.expression.name.text === 'subscribe' &&
    ts.isPropertyAccessExpression(node.expression.expression) &&
    node.expression.expression.name.text === 'broker'
  );
}

/** `import { connectResources } from './resources.js'`, whatever else it takes. */
function isResourcesImport(node: ts.Statement): node is ts.ImportDeclaration {
  if (!ts.isImportDeclaration(node) || !ts.isStringLiteral(node.moduleSpecifier)) return false;
  const bindings = node.importClause?.namedBindings;
  return (
    /^\.\/resources(\.js)?$/.test(node.moduleSpecifier.text) &&
    bindings !== undefined &&
    ts.isNamedImports(bindings) &&
    bindings.elements.some(({ name }) => name.text === 'connectResources')
  );
}

type Connected = ts.ParameterDeclaration | ts.VariableDeclaration;

/** `resources = connectResources(config)`, a parameter's default or a variable. */
function isConnected(node: ts.Node): node is Connected {
  if (!ts.isParameter(node) && !ts.isVariableDeclaration(node)) return false;
  const { initializer, name } = node;
  return (
    ts.isIdentifier(name) &&
    initializer !== undefined &&
    ts.isCallExpression(initializer) &&
    initializer.expression.getText() === 'connectResources'
  );
}

/** The function that the resources are at hand in, if it composes the service. */
function bodyOf(connected: Connected): ts.Block | undefined {
  const owner = ts.findAncestor(connected, ts.isFunctionLike);
  const body = owner && 'body' in owner ? owner.body : undefined;
  return body && ts.isBlock(body) && find(body, isCreateService) ? body : undefined;
}

function isCreateService(node: ts.Node): node is ts.CallExpression {
  return ts.isCallExpression(node) && node.expression.getText() === 'createService';
}

/** The first statement that runs with the resources there. */
function statementAfter(body: ts.Block, connected: Connected): ts.Statement | undefined {
  return body.statements.find((statement) => statement.getStart() > connected.getEnd());
}

function find<Found extends ts.Node>(
  node: ts.Node,
  isFound: (node: ts.Node) => node is Found,
): Found | undefined {
  return isFound(node) ? node : ts.forEachChild(node, (child) => find(child, isFound));
}
