import { getProjects, type Tree } from '@nx/devkit';
import {
  CONTRACTS_ROOT,
  contractFile,
  readContractsPackage,
} from '../../platform/contracts-library';
import { eventConstant, eventNameProblem } from '../../platform/event';
import type { Platform, Service } from '../../platform/platform';
import { UserError } from '../../platform/user-error';
import { didYouMean } from '../../platform/yaml-source';
import { splitNames } from '../datastore-names';
import {
  readPackageManager,
  readTreePlatform,
  type WorkspacePackageManager,
} from '../workspace-tree';
import { readFields } from './contract';
import { CONTRACTS_PROJECT } from './contracts-library';
import { DEFAULT_FIELDS, parseFields, type Field } from './fields';

export interface EventSchema {
  name: string;
  publisher?: string;
  subscribers?: string | string[];
  fields?: string | string[];
  skipInstall?: boolean;
  skipFormat?: boolean;
}

export interface EventOptions {
  event: string;
  /** Absent where another one publishes it already, and none is to be added. */
  publisher: Service | undefined;
  subscribers: readonly Service[];
  /** A service that publishes it. */
  source: string;
  /** What the contract says; absent where it is there and not as it was generated. */
  fields: readonly Field[] | undefined;
  /** Whether other fields were asked for than those of the contract that is there. */
  keepsFields: boolean;
  contractsPackage: string;
  packageManager: WorkspacePackageManager;
}

/** @throws with every reason why it cannot be done; nothing is written before. */
export function normalizeEventOptions(tree: Tree, schema: EventSchema): EventOptions {
  const event = schema.name;
  const platform = readTreePlatform(tree);
  const find = (name: string) => platform.services.find((service) => service.name === name);
  const publishers = platform.services.filter(({ publishes }) => publishes.includes(event));
  const publisher = schema.publisher === undefined ? undefined : find(schema.publisher);
  const subscribers = splitNames(schema.subscribers);
  const users = [...new Set([...splitNames(schema.publisher), ...subscribers])];
  const { fields, problems: wrongFields } = parseFields(splitNames(schema.fields));
  const contract = tree.read(contractFile(event), 'utf8') ?? undefined;
  const problems = [
    eventNameProblem(event),
    libraryTaken(tree),
    otherContract(platform, event),
    ...(schema.publisher === undefined && publishers.length === 0
      ? [`No service publishes "${event}": name the one that does with --publisher`]
      : []),
    ...users.map((name) => userProblem(tree, platform, name)),
    ...wrongFields,
  ].filter((problem) => problem !== undefined);
  if (problems.length > 0) throw new UserError(problems.join('\n'));
  const known = contract === undefined ? undefined : readFields(event, contract);
  const asked = fields.length > 0 ? fields : undefined;
  return {
    event,
    publisher,
    subscribers: subscribers.map((name) => find(name)!),
    source: (publisher ?? publishers[0]!).name,
    fields: contract === undefined ? (asked ?? DEFAULT_FIELDS) : known,
    keepsFields: contract !== undefined && asked !== undefined && !isSame(asked, known),
    contractsPackage: readContractsPackage(
      platform.name,
      (path) => tree.read(path, 'utf8') ?? undefined,
    ),
    packageManager: readPackageManager(tree),
  };
}

function isSame(asked: readonly Field[], known: readonly Field[] | undefined): boolean {
  return JSON.stringify(asked) === JSON.stringify(known);
}

function libraryTaken(tree: Tree): string | undefined {
  const project = getProjects(tree).get(CONTRACTS_PROJECT);
  if (!project || project.root === CONTRACTS_ROOT) return undefined;
  return `There is already a project "${CONTRACTS_PROJECT}" in ${project.root}, and ${CONTRACTS_ROOT} needs the name: rename it`;
}

/** `order.item-sold` and `order-item.sold` would have one contract. */
function otherContract({ services }: Platform, event: string): string | undefined {
  const other = services
    .flatMap(({ publishes }) => publishes)
    .find((name) => name !== event && eventConstant(name) === eventConstant(event));
  return other === undefined
    ? undefined
    : `"${event}" and "${other}" would have one contract, ${eventConstant(event)}: choose another name`;
}

function userProblem(tree: Tree, { services }: Platform, name: string): string | undefined {
  const service = services.find((candidate) => candidate.name === name);
  if (!service) {
    const names = services.map((candidate) => candidate.name);
    return `"${name}" is not a service of this platform${didYouMean(name, names)}`;
  }
  const config = tree.read(`${service.root}/src/config.ts`, 'utf8') ?? '';
  return config.includes('./resources')
    ? undefined
    : `"${name}" is not on the chassis: ${service.root}/src/config.ts does not read resourceVariables of src/resources.ts, which its code reaches the broker through`;
}
