import type { Tree } from '@nx/devkit';
import { posix } from 'node:path';

const SUBSCRIBE = 'resources.broker.subscribe(subscriptions(resources));';

/** The import that every generated app.ts has, in any quotes. */
const IMPORT = /^import \{ connectResources \} from (['"])\.\/resources\.js\1(;?)\r?\n/m;

/** Where a generated app.ts composes the service, with the resources at hand. */
const COMPOSE =
  /^(\s+)resources = connectResources\(config\),?\s*\): Service \{\r?\n(?=(\s+)return createService\()/m;

/**
 * Has the app of a service that got its broker later give its handlers to it.
 *
 * @returns false where a person's app.ts is not as it was generated, and they have to do it.
 */
export function subscribeInApp(tree: Tree, root: string): boolean {
  const file = posix.join(root, 'src/app.ts');
  const text = tree.read(file, 'utf8') ?? '';
  if (/\bbroker\s*\.subscribe\(/.test(text)) return true;
  const [, quote = "'", end = ''] = IMPORT.exec(text) ?? [];
  if (!IMPORT.test(text) || !COMPOSE.test(text)) return false;
  const statement = end === '' ? SUBSCRIBE.slice(0, -1) : SUBSCRIBE;
  tree.write(
    file,
    text
      .replace(
        IMPORT,
        (line) => `${line}import { subscriptions } from ${quote}./subscriptions.js${quote}${end}\n`,
      )
      .replace(COMPOSE, (head, _, indent: string) => `${head}${indent}${statement}\n`),
  );
  return true;
}

/** What a person does where {@link subscribeInApp} cannot. */
export function howToSubscribe(root: string): string {
  return `${root}/src/app.ts does not give its handlers to the broker: before createService, call ${SUBSCRIBE.slice(0, -1)}, with connectResources(config) of src/resources.ts and subscriptions of src/subscriptions.ts, and give the resources to createService`;
}
