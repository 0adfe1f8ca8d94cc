import { posix } from 'node:path';
import { calleeName, children, propertyName, type AnyNode } from './javascript-tree';

/** What an expression is worth, as far as it is about places. */
export type Value =
  | { kind: 'text'; text: string }
  /**
   * A place within the package; `isOpen` if something unknown follows, `endsWithSlash` if a name can follow as it is,
   * as after `new URL('.', import.meta.url).pathname`.
   */
  | { kind: 'place'; path: string; isOpen: boolean; endsWithSlash?: boolean }
  /** A `require` of its own. */
  | { kind: 'require' };

const JOINING = new Set(['join', 'resolve', 'normalize']);
const SAME_PLACE = new Set([
  'fileURLToPath',
  'pathToFileURL',
  'realpathSync',
  'realpath',
  'toString',
  'String',
  'decodeURI',
  'decodeURIComponent',
  'replace',
  'replaceAll',
  'slice',
]);
/** What the expressions of one file are worth, as far as the file alone tells. */
export class CodePlaces {
  private readonly variables = new Map<string, AnyNode | undefined>();
  private readonly evaluating = new Set<string>();

  /** @param file where the code lies, relative to its package. */
  constructor(
    program: AnyNode,
    private readonly file: string,
  ) {
    this.collect(program);
  }

  valueOf(node: AnyNode): Value | undefined {
    switch (node.type) {
      case 'Literal':
        return typeof node['value'] === 'string'
          ? { kind: 'text', text: node['value'] }
          : undefined;
      case 'Identifier':
        return this.valueOfName(node['name'] as string);
      case 'MetaProperty':
        return undefined;
      case 'MemberExpression':
        return this.valueOfMember(node);
      case 'TemplateLiteral':
        return this.valueOfTemplate(node);
      case 'BinaryExpression':
        return node['operator'] === '+'
          ? this.joined([node['left'] as AnyNode, node['right'] as AnyNode], '')
          : undefined;
      case 'LogicalExpression':
      case 'ConditionalExpression':
        return this.eitherOf(node);
      case 'SequenceExpression':
      case 'ParenthesizedExpression':
        return this.valueOf(
          ((node['expressions'] as AnyNode[] | undefined) ?? []).at(-1) ??
            (node['expression'] as AnyNode),
        );
      case 'CallExpression':
      case 'NewExpression':
        return this.valueOfCall(node);
      default:
        return undefined;
    }
  }

  private valueOfName(name: string): Value | undefined {
    if (this.variables.has(name)) {
      const init = this.variables.get(name);
      if (!init || this.evaluating.has(name)) return this.ownPlace(name);
      this.evaluating.add(name);
      const value = this.valueOf(init);
      this.evaluating.delete(name);
      return value?.kind === 'text' ? value : (value ?? this.ownPlace(name));
    }
    return this.ownPlace(name);
  }

  private ownPlace(name: string): Value | undefined {
    if (name === '__dirname') return place(posix.dirname(this.file));
    return name === '__filename' ? place(this.file) : undefined;
  }

  private valueOfMember(node: AnyNode): Value | undefined {
    const object = node['object'] as AnyNode;
    const name = propertyName(node);
    if (object.type === 'MetaProperty') {
      if (name === 'url' || name === 'filename') return place(this.file);
      return name === 'dirname' ? place(posix.dirname(this.file)) : undefined;
    }
    if (object.type === 'Identifier' && object['name'] === 'module') {
      if (name === 'filename') return place(this.file);
      return name === 'path' ? place(posix.dirname(this.file)) : undefined;
    }
    if (name === 'dir' && object.type === 'CallExpression' && calleeName(object) === 'parse') {
      const value = this.valueOf((object['arguments'] as AnyNode[])[0]!);
      return value?.kind === 'place' ? place(posix.dirname(value.path)) : undefined;
    }
    if (name === 'href' || name === 'pathname') {
      const value = this.valueOf(object);
      return value?.kind === 'place' ? value : undefined;
    }
    return undefined;
  }

  private valueOfTemplate(node: AnyNode): Value | undefined {
    const texts = node['quasis'] as (AnyNode & { value: { cooked: string } })[];
    const between = node['expressions'] as AnyNode[];
    const parts = texts.flatMap((text, index): (Value | undefined)[] => [
      { kind: 'text', text: text.value.cooked },
      ...(between[index] ? [this.valueOf(between[index])] : []),
    ]);
    return concatenated(
      parts.filter((part) => part?.kind !== 'text' || part.text !== ''),
      '',
    );
  }

  private joined(nodes: readonly AnyNode[], separator: string): Value | undefined {
    return concatenated(
      nodes.map((node) => this.valueOf(node)),
      separator,
    );
  }

  private eitherOf(node: AnyNode): Value | undefined {
    const branches = [node['left'], node['right'], node['consequent'], node['alternate']];
    return branches
      .flatMap((branch) => (branch ? [this.valueOf(branch as AnyNode)] : []))
      .find((value) => value !== undefined && value.kind !== 'text');
  }

  private valueOfCall(node: AnyNode): Value | undefined {
    const name = calleeName(node);
    const given = node['arguments'] as AnyNode[];
    const [first] = given;
    if (name === 'createRequire' && first) return { kind: 'require' };
    if (name === undefined) return undefined;
    if (name === 'URL' && given.length === 2) {
      const [relative, base] = given.map((one) => this.valueOf(one));
      if (base?.kind !== 'place') return undefined;
      const folder = base.path === this.file ? posix.dirname(base.path) : base.path;
      const found = concatenated([place(folder), relative], '/');
      const isFolder = relative?.kind === 'text' && /(?:^|\/)\.{0,2}$/.test(relative.text);
      return found?.kind === 'place' && isFolder ? { ...found, endsWithSlash: true } : found;
    }
    if (name === 'dirname' && first) {
      const value = this.valueOf(first);
      return value?.kind === 'place'
        ? { ...value, path: posix.dirname(value.path), endsWithSlash: false }
        : value;
    }
    if (name === 'resolve' && isMetaResolve(node) && first) {
      const value = this.valueOf(first);
      return value?.kind === 'text' && value.text.startsWith('.')
        ? place(posix.join(posix.dirname(this.file), value.text))
        : undefined;
    }
    if (JOINING.has(name)) return this.joined(given, '/');
    if (!SAME_PLACE.has(name)) return undefined;
    const callee = node['callee'] as AnyNode;
    const subject =
      callee.type === 'MemberExpression' ? this.valueOf(callee['object'] as AnyNode) : undefined;
    const value = subject?.kind === 'place' ? subject : first && this.valueOf(first);
    return value?.kind === 'place' ? value : undefined;
  }

  /** Variables that are given a value once; another one of the same name is anything. */
  private collect(node: AnyNode): void {
    if (node.type === 'VariableDeclarator') {
      const { id, init } = node as AnyNode & { id: AnyNode; init: AnyNode | null };
      if (id.type === 'Identifier' && init) this.remember(id['name'] as string, init);
    } else if (node.type === 'AssignmentExpression' && node['operator'] === '=') {
      const { left, right } = node as AnyNode & { left: AnyNode; right: AnyNode };
      if (left.type === 'Identifier') this.remember(left['name'] as string, right);
    }
    for (const child of children(node)) this.collect(child);
  }

  private remember(name: string, init: AnyNode): void {
    this.variables.set(name, this.variables.has(name) ? undefined : init);
  }
}

/** A place followed by texts; anything unknown behind it leaves it open. */
function concatenated(parts: readonly (Value | undefined)[], separator: string): Value | undefined {
  const texts = parts.filter((part) => part?.kind === 'text');
  if (texts.length === parts.length && parts.length > 0) {
    return { kind: 'text', text: texts.map(({ text }) => text).join(separator) };
  }
  const start = parts.findLastIndex((part) => part?.kind === 'place');
  const begin = parts[start];
  if (begin?.kind !== 'place') return undefined;
  let written = begin.path + (begin.endsWithSlash && separator === '' ? '/' : '');
  for (const part of parts.slice(start + 1)) {
    if (begin.isOpen || part?.kind !== 'text') return { ...place(folderOf(written)), isOpen: true };
    written += `${separator}${part.text}`;
  }
  const path = posix.normalize(written);
  const endsWithSlash = path.endsWith('/') ? { endsWithSlash: true } : {};
  return { ...place(path.replace(/\/$/, '')), isOpen: begin.isOpen, ...endsWithSlash };
}

/** `lib/data-` + something is in `lib`. */
function folderOf(written: string): string {
  const path = posix.normalize(written);
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

function place(path: string): Extract<Value, { kind: 'place' }> {
  return { kind: 'place', path: posix.normalize(path), isOpen: false };
}

/** `import.meta.resolve(…)` */
function isMetaResolve(call: AnyNode): boolean {
  const callee = call['callee'] as AnyNode;
  return (
    callee.type === 'MemberExpression' && (callee['object'] as AnyNode).type === 'MetaProperty'
  );
}
