import { getProjects, type Tree } from '@nx/devkit';
import { orderByOf } from '../../discovery/contract-order';
import {
  CONTRACTS_ROOT,
  contractFile,
  readContractsPackage,
} from '../../platform/contracts-library';
import { brokerOf, type Broker } from '../../platform/datastore';
import { eventConstant, eventNameProblem } from '../../platform/event';
import type { Service } from '../../platform/platform';
import { UserError } from '../../platform/user-error';
import type { ReadFile } from '../../platform/workspace';
import { didYouMean } from '../../platform/yaml-source';
import { splitNames } from '../datastore-names';
import { about, type OptionProblem } from '../option-problem';
import {
  readPackageManager,
  readTreePlatform,
  type WorkspacePackageManager,
} from '../workspace-tree';
import { readContract } from './contract';
import { CONTRACTS_PROJECT } from './contracts-library';
import { DEFAULT_FIELDS, orderByProblem, parseFields, type Field } from './fields';

export interface EventSchema {
  name: string;
  publisher?: string;
  subscribers?: string | string[];
  fields?: string | string[];
  /** The field by whose value events are handled in order. */
  orderBy?: string;
  skipInstall?: boolean;
  skipFormat?: boolean;
}

export interface EventOptions {
  event: string;
  /** Absent if another service already publishes it, and none is to be added. */
  publisher: Service | undefined;
  subscribers: readonly Service[];
  /** A service that publishes it. */
  source: string;
  /** What the contract says; absent if it is there and not as it was generated. */
  fields: readonly Field[] | undefined;
  /** The field by whose value events are handled in order; of a new contract. */
  orderBy: string | undefined;
  /** Whether other fields were asked for than those of the contract that is there. */
  keepsFields: boolean;
  /** The same for another `orderBy`. */
  keepsOrder: boolean;
  contractsPackage: string;
  packageManager: WorkspacePackageManager;
  /** Of the platform, or what it gets with its first event. */
  broker: Broker;
}

/** What decides whether an event can be added: read once, however many are added. */
export interface EventFacts {
  services: readonly Service[];
  projects: ReadonlyMap<string, { root: string }>;
  read: ReadFile;
  isOnChassis: (service: Service) => boolean;
  contractsPackage: string;
  packageManager: WorkspacePackageManager;
}

/** @throws with every reason why it cannot be done; nothing is written before. */
export function normalizeEventOptions(tree: Tree, schema: EventSchema): EventOptions {
  const { options, problems } = planEvent(schema, readEventFacts(tree));
  if (!options) throw new UserError(problems.map(({ message }) => message).join('\n'));
  return options;
}

function readEventFacts(tree: Tree): EventFacts {
  const read: ReadFile = (path) => tree.read(path, 'utf8') ?? undefined;
  const { name, services } = readTreePlatform(tree);
  return {
    services,
    projects: getProjects(tree),
    read,
    isOnChassis: (service) => isOnChassis(service, read),
    contractsPackage: readContractsPackage(name, read),
    packageManager: readPackageManager(tree),
  };
}

/** Whether the code of a service reaches its resources through what sync derives. */
export function isOnChassis({ root }: Pick<Service, 'root'>, read: ReadFile): boolean {
  return read(`${root}/src/config.ts`)?.includes('./resources') ?? false;
}

/** The options of an event with nothing left open, or every reason why it cannot be added. */
export function planEvent(
  schema: EventSchema,
  facts: EventFacts,
): { options?: EventOptions; problems: readonly OptionProblem[] } {
  const event = schema.name;
  const { services } = facts;
  const find = (name: string) => services.find((service) => service.name === name);
  const publishers = services.filter(({ publishes }) => publishes.includes(event));
  const publisher = schema.publisher === undefined ? undefined : find(schema.publisher);
  const subscribers = splitNames(schema.subscribers);
  const users = [...new Set([...splitNames(schema.publisher), ...subscribers])];
  const { fields, problems: wrongFields } = parseFields(splitNames(schema.fields));
  const contract = facts.read(contractFile(event));
  const known = contract === undefined ? undefined : readContract(event, contract);
  const asked = fields.length > 0 ? fields : undefined;
  const { orderBy } = schema;
  const ofContract = contract === undefined ? (asked ?? DEFAULT_FIELDS) : known?.fields;
  const problems = [
    about([], eventNameProblem(event)),
    about([], libraryTaken(facts)),
    about([], otherContract(facts, event)),
    ...(schema.publisher === undefined && publishers.length === 0
      ? [about([], `No service publishes "${event}": name the one that does with --publisher`)]
      : []),
    ...users.map((name) =>
      about(
        name === schema.publisher ? ['publisher'] : ['subscribers', subscribers.indexOf(name)],
        userProblem(facts, name),
      ),
    ),
    ...wrongFields.map((message) => about(['fields'], message)),
    orderBy !== undefined && ofContract && wrongFields.length === 0
      ? about(['orderBy'], orderByProblem(event, orderBy, ofContract))
      : undefined,
  ].filter((found) => found !== undefined);
  if (problems.length > 0) return { problems };
  const options: EventOptions = {
    event,
    publisher,
    subscribers: subscribers.map((name) => find(name)!),
    source: (publisher ?? publishers[0]!).name,
    fields: ofContract,
    orderBy,
    keepsFields: contract !== undefined && asked !== undefined && !isSame(asked, known?.fields),
    keepsOrder:
      contract !== undefined && orderBy !== undefined && orderBy !== orderByOf(event, contract),
    contractsPackage: facts.contractsPackage,
    packageManager: facts.packageManager,
    broker: brokerOf(services),
  };
  return { options, problems };
}

function isSame(asked: readonly Field[], known: readonly Field[] | undefined): boolean {
  return JSON.stringify(asked) === JSON.stringify(known);
}

function libraryTaken({ projects }: EventFacts): string | undefined {
  const project = projects.get(CONTRACTS_PROJECT);
  if (!project || project.root === CONTRACTS_ROOT) return undefined;
  return `There is already a project "${CONTRACTS_PROJECT}" in ${project.root}, and ${CONTRACTS_ROOT} needs the name: rename it`;
}

/** `order.item-sold` and `order-item.sold` would have one contract. */
function otherContract({ services }: EventFacts, event: string): string | undefined {
  const other = services
    .flatMap(({ publishes }) => publishes)
    .find((name) => name !== event && eventConstant(name) === eventConstant(event));
  return other === undefined
    ? undefined
    : `"${event}" and "${other}" would have the same contract, ${eventConstant(event)}: choose another name`;
}

function userProblem({ services, isOnChassis }: EventFacts, name: string): string | undefined {
  const service = services.find((candidate) => candidate.name === name);
  if (!service) {
    const names = services.map((candidate) => candidate.name);
    return `"${name}" is not a service of this platform${didYouMean(name, names)}`;
  }
  return isOnChassis(service)
    ? undefined
    : `"${name}" is not on the chassis: ${service.root}/src/config.ts does not read resourceVariables of src/resources.ts, which its code reaches the broker through`;
}
