import { calleeName, children, parseProgram, type AnyNode } from './javascript-tree';

/** Whether code asks pino for a transport, `pino.transport(…)` or `{ transport: … }`: those run in threads. */
export function startsLogThreads(code: string): boolean {
  const program = parseProgram(code);
  return program !== undefined && asksForTransport(program, false);
}

function asksForTransport(node: AnyNode, inLogger: boolean): boolean {
  const name = calleeName(node) ?? propertyKey(node);
  if (name === 'transport' && (node.type === 'CallExpression' || inLogger)) return true;
  const isLogger = inLogger || (name !== undefined && /pino|logger|fastify/i.test(name));
  return children(node).some((child) => asksForTransport(child, isLogger));
}

function propertyKey(node: AnyNode): string | undefined {
  if (node.type !== 'Property') return undefined;
  const key = node['key'] as AnyNode;
  return key.type === 'Identifier' ? (key['name'] as string) : undefined;
}
