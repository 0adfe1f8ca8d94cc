import type { Node } from 'acorn';
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { CodePlaces, type Value } from './path-expressions';
import { calleeName, children, parseProgram, propertyName, type AnyNode } from './javascript-tree';

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

/** Words that a file needs to find its own folder. */
const PLACE =
  /\b__(?:dir|file)name\b|\bimport\s*\.\s*meta\b|\brequire\s*\.\s*resolve\b|\bcreateRequire\b|\bmodule\s*\.\s*(?:filename|path)\b/;

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
  new Reader(new CodePlaces(program, file), file, files, (what, node) => {
    const { line } = node.loc!.start;
    if (!found.has(what)) found.set(what, { line, what });
  }).read(program);
  return [...found.values()].sort((a, b) => a.line - b.line);
}

/** Programs and threads that begin with a file; given their own one, they would begin with the bundle. */
const STARTERS = new Set(['Worker', 'fork', 'spawn', 'spawnSync', 'execFile', 'execFileSync']);

class Reader {
  constructor(
    private readonly places: CodePlaces,
    private readonly file: string,
    private readonly files: PackageFiles,
    private readonly report: (what: string, node: Node) => void,
  ) {}

  read(program: AnyNode): void {
    this.visit(program, undefined, false);
  }

  private visit(node: AnyNode, parent: AnyNode | undefined, inTry: boolean): void {
    const isTrying = inTry || node.type === 'TryStatement';
    if (node.type === 'CallExpression') this.checkRequire(node, isTrying);
    const value = isExpression(node) ? this.places.valueOf(node) : undefined;
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
    const isOwn = this.places.valueOf(target)?.kind === 'require';
    const isPlain =
      isResolve && target.type === 'Identifier' && target['name'] === 'require' && !isOwn;
    if (!argument || (!isOwn && !isPlain)) return;
    const name = this.places.valueOf(argument);
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

function isBuiltin(name: string): boolean {
  return name.startsWith('node:') || builtinModules.includes(name);
}
