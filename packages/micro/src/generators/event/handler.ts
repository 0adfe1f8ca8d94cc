import { generateFiles, OverwriteStrategy, type Tree } from '@nx/devkit';
import { join, posix } from 'node:path';
import { eventConstant, eventFileName, handlerName, keepsEventTables } from '../../platform/event';
import type { Service } from '../../platform/platform';
import { fieldExample, type Field } from './fields';

export interface HandlerFacts {
  event: string;
  service: Service;
  /** A service that publishes it. */
  source: string;
  contractsPackage: string;
  /** The fields of the event; absent if a person changed the contract. */
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
    contractsPackage,
    keepsEventTables: keepsEventTables(service),
    names: fields?.map(({ name }) => name).join(', '),
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
