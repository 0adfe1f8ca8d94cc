import { parse, type Node } from 'acorn';

/** Any node of the tree with whatever it has. */
export type AnyNode = Node & Record<string, unknown>;

/** @returns nothing for code that is neither a module nor a script. */
export function parseProgram(code: string): AnyNode | undefined {
  for (const sourceType of ['module', 'script'] as const) {
    try {
      return parse(code, {
        sourceType,
        ecmaVersion: 'latest',
        locations: true,
        allowHashBang: true,
        allowReturnOutsideFunction: true,
      }) as Node as AnyNode;
    } catch {
      // Old packages are no modules; what is neither is for esbuild to complain about.
    }
  }
  return undefined;
}

/** `join` of `join(…)`, `path.join(…)` and `(0, path.join)(…)`; a class by its own name. */
export function calleeName(node: AnyNode): string | undefined {
  if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return undefined;
  let callee = node['callee'] as AnyNode;
  if (callee.type === 'SequenceExpression') callee = (callee['expressions'] as AnyNode[]).at(-1)!;
  if (callee.type === 'Identifier') return callee['name'] as string;
  return callee.type === 'MemberExpression' ? propertyName(callee) : undefined;
}

/** `join` of `path.join`; nothing for `path[name]`. */
export function propertyName(node: AnyNode): string | undefined {
  const property = node['property'] as AnyNode;
  if (node['computed'] === true) return undefined;
  return property.type === 'Identifier' ? (property['name'] as string) : undefined;
}

export function children(node: AnyNode): AnyNode[] {
  return Object.entries(node).flatMap(([key, value]) => {
    if (key === 'loc') return [];
    const all: unknown[] = Array.isArray(value) ? value : [value];
    return all.filter(isNode);
  });
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
