import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { expect, it } from 'vitest';
import { subscribeInApp } from './subscribe-in-app';

function subscribe(text: string): string | false {
  const tree = createTreeWithEmptyWorkspace();
  tree.write('apps/a/src/app.ts', text);
  return subscribeInApp(tree, 'apps/a') && tree.read('apps/a/src/app.ts', 'utf8')!;
}

const GENERATED = `import { createService } from '@org/chassis';
import { connectResources } from './resources.js';

export function createApp(config: Config, resources = connectResources(config)): Service {
  return createService({ resources });
}
`;

it('adds an import and a statement to a generated app', () => {
  expect(subscribe(GENERATED)).toBe(`import { createService } from '@org/chassis';
import { connectResources } from './resources.js';
import { subscriptions } from './subscriptions.js';

export function createApp(config: Config, resources = connectResources(config)): Service {
  resources.broker.subscribe(subscriptions(resources));
  return createService({ resources });
}
`);
});

it("adapts to a person's code: names, quotes, a variable, several imports, an arrow function", () => {
  const app = `import { createService } from "@org/chassis"
import { connectResources, type Resources } from "./resources.js"

// resources.broker.subscribe(subscriptions(resources)) came later
export const createApp = (config: Config) => {
\tconst all: Resources = connectResources(config)
\tconst log = 1
\treturn createService({ resources: all, log })
}
`;
  expect(subscribe(app)).toBe(`import { createService } from "@org/chassis"
import { connectResources, type Resources } from "./resources.js"
import { subscriptions } from "./subscriptions.js"

// resources.broker.subscribe(subscriptions(resources)) came later
export const createApp = (config: Config) => {
\tconst all: Resources = connectResources(config)
\tall.broker.subscribe(subscriptions(all))
\tconst log = 1
\treturn createService({ resources: all, log })
}
`);
});

it.each([
  ['it is done already', `${GENERATED}resources.broker.subscribe([]);\n`, 'kept'],
  ['it is elsewhere', GENERATED.replace('./resources.js', './other.js'), false],
  ['it is another function', GENERATED.replaceAll('connectResources', 'connect'), false],
  ['nothing is composed', GENERATED.replace('return createService', 'return other'), false],
])('leaves an app alone if %s', (_, text, expected) => {
  expect(subscribe(text)).toBe(expected === 'kept' ? text : expected);
});
