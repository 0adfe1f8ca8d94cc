import { generateFiles, OverwriteStrategy, type Tree } from '@nx/devkit';
import { join, posix } from 'node:path';
import { arrow, fits, list, namedImport } from '../../discovery/module-text';
import { eventConstant, eventFileName, handlerName, keepsEventTables } from '../../platform/event';
import type { Service } from '../../platform/platform';
import { fieldExample, type Field } from './fields';

export interface HandlerFacts {
  event: string;
  service: Service;
  /** A service that publishes it. */
  source: string;
  contractsPackage: string;
  /** What the event carries; absent where its contract is not as it was generated. */
  fields: readonly Field[] | undefined;
}

/** Writes a service's handler of an event and its test, each once. */
export function generateHandler(tree: Tree, facts: HandlerFacts): void {
  const { event, service, source, contractsPackage, fields } = facts;
  const constant = eventConstant(event);
  const values = {
    event,
    source,
    constant,
    service: service.name,
    handler: handlerName(event),
    fileName: eventFileName(event),
    importContract: namedImport([constant], contractsPackage).join('\n'),
    signature: list(
      0,
      `export function ${handlerName(event)}({ `,
      ['database'],
      ` }: Pick<Resources, 'database'>): Subscription {`,
    ).join('\n'),
    expectation: list(
      2,
      'expect(info).toHaveBeenCalledWith(',
      ['event.data', `'${event}'`],
      ');',
    ).join('\n'),
    keepsEventTables: keepsEventTables(service),
    work: (indent: number) => workLines(event, fields, indent).join('\n'),
    examples: fields?.map((field) => ({ name: field.name, example: fieldExample(field) })),
  };
  // There is no example of an event whose fields cannot be told, so that there is no test either.
  for (const folder of fields ? ['handler', 'handler-spec'] : ['handler']) {
    generateFiles(
      tree,
      join(__dirname, 'files', folder),
      posix.join(service.root, 'src/events'),
      values,
      { overwriteStrategy: OverwriteStrategy.KeepExisting },
    );
  }
}

/** What a handler does until a person says more: it uses each field, so that a renamed one is noticed. */
function workLines(event: string, fields: readonly Field[] | undefined, indent: number): string[] {
  const at = ' '.repeat(indent);
  if (!fields) return [`${at}log.info({ data: event.data }, '${event}');`];
  const names = fields.map(({ name }) => name);
  const taken = `const { ${names.join(', ')} } =`;
  return [
    ...(fits(`${at}${taken}`)
      ? arrow(indent, taken, 'event.data;')
      : list(indent, 'const { ', names, ' } = event.data;')),
    ...callLines(indent, 'log.info', names, `'${event}'`),
  ];
}

/** A call with an object and a text, as Prettier writes it. */
function callLines(indent: number, call: string, names: readonly string[], text: string): string[] {
  const at = ' '.repeat(indent);
  const line = `${at}${call}({ ${names.join(', ')} }, ${text});`;
  if (fits(line)) return [line];
  return [`${at}${call}(`, ...list(indent + 2, '{ ', names, ' },'), `${at}  ${text},`, `${at});`];
}
