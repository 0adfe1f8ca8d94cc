import { eventFileName } from './event';
import { readPackageScope, type ReadFile } from './workspace';

/** The folder of the library with the contracts that services share, relative to the workspace root. */
export const CONTRACTS_ROOT = 'packages/contracts';

/** `packages/contracts/src/events/order-placed.ts` */
export function contractFile(event: string): string {
  return `${CONTRACTS_ROOT}/src/events/${eventFileName(event)}.ts`;
}

/** The name under which services import the library. If it does not exist yet, the name that it will get. */
export function readContractsPackage(platform: string, read: ReadFile): string {
  const { name } = JSON.parse(read(`${CONTRACTS_ROOT}/package.json`) ?? '{}') as {
    name?: string;
  };
  return name ?? `@${readPackageScope(platform, read)}/contracts`;
}
