import { parse, type Node } from 'acorn';
import { builtinModules } from 'node:module';
import { posix } from 'node:path';

/** The files of a package, as far as they decide whether code finds them. */
export interface PackageFiles {
  /** Whether a path, relative to the package, is a file or a folder. */
  has(path: string): boolean;
  /** Whether a folder has files, at any depth, that are no code: data, styles, templates. */
  hasData(folder: string): boolean;
}

/** Code that needs something on disk beside itself, which a bundle does not have. */
export interface ReadBeside {
  /** 1-based. */
  line: number;
  /** `fonts.json`, relative to the package; `lib/*` if only the folder is known. */
  what: string;
}

/** Words without which a file cannot know where it lies. */
const PLACE =
  /\b__(?:dir|file)name\b|\bimport\s*\.\s*meta\b|\brequire\s*\.\s*resolve\b|\bcreateRequire\b/;

/**
 * Finds what a file of a package reads beside itself: data, workers, WebAssembly, templates. A bundle
 * is one file in another folder, so `join(__dirname, 'fonts.json')` would point to nothing.
 *
 * Variables are followed within the file by their names. What cannot be followed is no finding, and
 * neither is a path at which the package has nothing.
 *
 * @param code JavaScript.
 * @param file where it lies, relative to its package.
 */
export function findReadsBeside(code: string, file: string, files: PackageFiles): ReadBeside[] {
  if (!PLACE.test(code)) return [];
  const program = parseProgram(code);
  if (!program) return [];
  const found = new Map<string, ReadBeside>();
  new Reader(file, files, (what, node) => {
    const { line } = node.loc!.start;
    if (!found.has(what)) found.set(what, { line, what });
  }).read(program);
  return [...found.values()].sort((a, b) => a.line - b.line);
}

/** Whether code asks pino for a transport, `pino.transport(…)` or `{ transport: … }`: those run in threads. */
export function startsLogThreads(code: string): boolean {
  const program = parseProgram(code);
  return program !== undefined && asksForTransport(program as AnyNode, false);
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

function parseProgram(code: string): Node | undefined {
  for (const sourceType of ['module', 'script'] as const) {
    try {
      return parse(code, {
        sourceType,
        ecmaVersion: 'latest',
        locations: true,
        allowHashBang: true,
        allowReturnOutsideFunction: true,
      });
    } catch {
      // Old packages are no modules; what is neither is for esbuild to complain about.
    }
  }
  return undefined;
}

/** What an expression is worth, as far as it is about places. */
type Value =
  | { kind: 'text'; text: string }
  /** A place within the package; `isOpen` if something unknown follows. */
  | { kind: 'place'; path: string; isOpen: boolean }
  /** A `require` of its own. */
  | { kind: 'require' };

/** Any node of the tree with whatever it has. */
type AnyNode = Node & Record<string, unknown>;

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
/** Programs and threads that begin with a file; given their own one, they would begin with the bundle. */
const STARTERS = new Set(['Worker', 'fork', 'spawn', 'spawnSync', 'execFile', 'execFileSync']);

class Reader {
  private readonly variables = new Map<string, AnyNode | undefined>();
  private readonly evaluating = new Set<string>();

  constructor(
    private readonly file: string,
    private readonly files: PackageFiles,
    private readonly report: (what: string, node: Node) => void,
  ) {}

  read(program: Node): void {
    this.collect(program as AnyNode);
    this.visit(program as AnyNode, undefined, false);
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

  private visit(node: AnyNode, parent: AnyNode | undefined, inTry: boolean): void {
    const isTrying = inTry || node.type === 'TryStatement';
    if (node.type === 'CallExpression') this.checkRequire(node, isTrying);
    const value = isExpression(node) ? this.valueOf(node) : undefined;
    if (value?.kind === 'place') {
      // The name that is given the value is followed where it is used.
      if (!isHarmless(node, parent)) this.checkPlace(value, node, parent, isTrying);
      return;
    }
    for (const child of children(node)) this.visit(child, node, isTrying);
  }

  private checkPlace(
    { path, isOpen }: Extract<Value, { kind: 'place' }>,
    node: AnyNode,
    parent: AnyNode | undefined,
    inTry: boolean,
  ): void {
    if (path.startsWith('../') || path === '..') return;
    const starts = parent && STARTERS.has(calleeName(parent) ?? '');
    if (path === this.file) {
      if (starts) this.report(path, node);
      return;
    }
    const isFolderOfIts = path === posix.dirname(this.file) || path === '.';
    if (isOpen) return this.report(path === '.' ? '*' : `${path}/*`, node);
    // A folder that only has code is named for messages and comparisons.
    if (isFolderOfIts && !this.files.hasData(path)) return;
    // Its own version, which it can do without.
    if (path === 'package.json' && inTry) return;
    if (this.files.has(path)) this.report(path, node);
  }

  /** `createRequire(import.meta.url)('./data.json')`, and the same by a name. */
  private checkRequire(call: AnyNode, inTry: boolean): void {
    const callee = call['callee'] as AnyNode;
    const [argument] = call['arguments'] as AnyNode[];
    const isResolve = callee.type === 'MemberExpression' && propertyName(callee) === 'resolve';
    const target = isResolve ? (callee['object'] as AnyNode) : callee;
    const isOwn = this.valueOf(target)?.kind === 'require';
    const isPlain =
      isResolve && target.type === 'Identifier' && target['name'] === 'require' && !isOwn;
    if (!argument || (!isOwn && !isPlain)) return;
    const name = this.valueOf(argument);
    if (name?.kind !== 'text' || isBuiltin(name.text)) return;
    if (!name.text.startsWith('.')) {
      // One that may be missing is asked for in a try.
      if (!inTry) this.report(name.text, call);
      return;
    }
    const path = this.resolved(posix.join(posix.dirname(this.file), name.text));
    if (path !== undefined) this.report(path, call);
  }

  private resolved(path: string): string | undefined {
    return ['', '.js', '.json', '.node', '.cjs', '.mjs', '/index.js']
      .map((ending) => `${path}${ending}`)
      .find((candidate) => this.files.has(candidate));
  }

  private valueOf(node: AnyNode): Value | undefined {
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
      return concatenated([place(folder), relative], '/');
    }
    if (name === 'dirname' && first) {
      const value = this.valueOf(first);
      return value?.kind === 'place' ? { ...value, path: posix.dirname(value.path) } : value;
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
  let written = begin.path;
  for (const part of parts.slice(start + 1)) {
    if (begin.isOpen || part?.kind !== 'text') return { ...place(folderOf(written)), isOpen: true };
    written += `${separator}${part.text}`;
  }
  return { kind: 'place', path: posix.normalize(written).replace(/\/$/, ''), isOpen: begin.isOpen };
}

/** `lib/data-` + something is in `lib`. */
function folderOf(written: string): string {
  const path = posix.normalize(written);
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

function place(path: string): Extract<Value, { kind: 'place' }> {
  return { kind: 'place', path: posix.normalize(path), isOpen: false };
}

/** Uses that read nothing: a name is given the value, it is compared, or only its type is asked for. */
function isHarmless(node: AnyNode, parent: AnyNode | undefined): boolean {
  switch (parent?.type) {
    case 'VariableDeclarator':
      return true;
    case 'AssignmentExpression':
      return (
        parent['left'] === node ||
        (parent['right'] === node && (parent['left'] as AnyNode).type === 'Identifier')
      );
    case 'BinaryExpression':
      return parent['operator'] !== '+';
    case 'UnaryExpression':
    case 'ExpressionStatement':
      return true;
    case 'CallExpression':
      return calleeName(parent) === 'createRequire';
    case 'Property':
      return parent['key'] === node;
    default:
      return false;
  }
}

function isExpression({ type }: Node): boolean {
  return [
    'Identifier',
    'MemberExpression',
    'CallExpression',
    'NewExpression',
    'TemplateLiteral',
    'BinaryExpression',
    'LogicalExpression',
    'ConditionalExpression',
  ].includes(type);
}

/** `join` of `join(…)`, `path.join(…)` and `(0, path.join)(…)`; a class by its own name. */
function calleeName(node: AnyNode): string | undefined {
  if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return undefined;
  let callee = node['callee'] as AnyNode;
  if (callee.type === 'SequenceExpression') callee = (callee['expressions'] as AnyNode[]).at(-1)!;
  if (callee.type === 'Identifier') return callee['name'] as string;
  return callee.type === 'MemberExpression' ? propertyName(callee) : undefined;
}

function propertyName(node: AnyNode): string | undefined {
  const property = node['property'] as AnyNode;
  if (node['computed'] === true) return undefined;
  return property.type === 'Identifier' ? (property['name'] as string) : undefined;
}

/** `import.meta.resolve(…)` */
function isMetaResolve(call: AnyNode): boolean {
  const callee = call['callee'] as AnyNode;
  return (
    callee.type === 'MemberExpression' && (callee['object'] as AnyNode).type === 'MetaProperty'
  );
}

function isBuiltin(name: string): boolean {
  return name.startsWith('node:') || builtinModules.includes(name);
}

function children(node: AnyNode): AnyNode[] {
  return Object.entries(node).flatMap(([key, value]) => {
    if (key === 'loc') return [];
    const all: unknown[] = Array.isArray(value) ? value : [value];
    return all.filter(isNode);
  });
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
