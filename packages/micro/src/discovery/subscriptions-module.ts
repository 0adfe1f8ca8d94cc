import { posix } from 'node:path';
import type { DerivedFile } from '../platform/derived-file';
import { handlerModule, handlerName } from '../platform/event';
import type { Service } from '../platform/platform';
import { convergeModule } from './derived-module';

const HEADER = '// Kept by `nx sync` from service.yml: the events that this service handles.';

/** `apps/orders/src/subscriptions.ts` */
export function subscriptionsModuleFile({ root }: Pick<Service, 'root'>): string {
  return posix.join(root, 'src/subscriptions.ts');
}

/** The module with which a service gives its handlers to the broker; wholly ours. */
export function deriveSubscriptionsModule(
  service: Service,
  current: string | undefined,
): DerivedFile {
  const handlers = service.subscribes.map(handlerName);
  return convergeModule(
    {
      path: subscriptionsModuleFile(service),
      text: renderModule(service.subscribes),
      variables: handlers,
      pattern: /^on[A-Z]\w*$/,
    },
    current,
  );
}

function renderModule(events: readonly string[]): string {
  const imports = [...events]
    .sort()
    .map((event) => `import { ${handlerName(event)} } from './${handlerModule(event)}.js';`);
  return [
    HEADER,
    `import type { Subscription } from '@org/chassis/events';`,
    ...imports,
    `import type { Resources } from './resources.js';`,
    '',
    `const handlers: readonly ((resources: Resources) => Subscription)[] = [${events.map(handlerName).join(', ')}];`,
    '',
    'export const subscriptions = (resources: Resources): Subscription[] =>',
    '  handlers.map((handler) => handler(resources));',
    '',
  ].join('\n');
}
