import { formatFiles, logger, type Tree } from '@nx/devkit';
import { parseAnyEnvironment } from '../../platform/environment';
import { environmentFile } from '../../platform/environment-file';
import { nameProblem } from '../../platform/name';
import { OBSERVABILITY_COMPOSE_FILE } from '../../platform/observability';
import type { Platform } from '../../platform/platform';
import { UserError } from '../../platform/user-error';
import { readTreePlatform } from '../workspace-tree';
import type { EnvironmentSchema } from './environment-schema';
import { ecsText } from './ecs-options';
import { requireOptionsOf } from './engine-options';
import { kubernetesText } from './kubernetes-options';
import { newEnvironment, type NewPublication } from './new-environment';
import { otherRegistry, planReplacement } from './present-environments';
import { freePortOffset } from './port-offset';

export type { EnvironmentSchema };

/** `nx g @org/micro:environment production`: a place to deploy to, whose file is the person's from then on. */
export async function environmentGenerator(tree: Tree, schema: EnvironmentSchema): Promise<void> {
  const { name } = schema;
  const problem = nameProblem(name, "an environment's");
  if (problem) throw new UserError(problem);
  const platform = readTreePlatform(tree);
  const { engine = 'compose' } = schema;
  const file = environmentFile(name);
  const there = tree.read(file, 'utf8');
  if (there !== null && planReplacement(name, there, engine) === 'keep') {
    logger.warn(`${file} already exists and was kept: edit it`);
    return;
  }
  requireOptionsOf(engine, schema);
  const made = MAKERS[engine](tree, platform, schema);
  parseAnyEnvironment(
    name,
    made.text,
    platform.services.map((service) => service.name),
  );
  tree.write(file, made.text);
  if (!schema.skipFormat) await formatFiles(tree);
  made.next.forEach((line) => logger.info(line));
}

export default environmentGenerator;

interface MadeEnvironment {
  text: string;
  /** What a person does next. */
  next: string[];
}

function onEngine(tree: Tree, platform: Platform, schema: EnvironmentSchema): MadeEnvironment {
  const { name } = schema;
  const published = publishedBy(schema);
  const text = newEnvironment({
    name,
    // A prompt without an answer gives an empty text.
    context: schema.context || undefined,
    host: schema.host || undefined,
    registry: schema.registry || undefined,
    images: schema.images,
    portOffset: schema.context || schema.host ? 0 : freePortOffset(tree),
    gateways: gatewaysOf(platform),
    ...(published === undefined
      ? {}
      : { published: { service: onlyGateway(platform), publish: published } }),
  });
  return { text, next: [`Deploy to it with "nx run-many -t compose-deploy -c ${name}"`] };
}

function onCluster(tree: Tree, platform: Platform, schema: EnvironmentSchema): MadeEnvironment {
  const { name } = schema;
  const { text, unsure, context, namespace } = kubernetesText(schema, {
    platform,
    gateways: gatewaysOf(platform),
    registry: otherRegistry(tree),
    published: schema.publish ? onlyGateway(platform) : undefined,
    isObserved: tree.exists(OBSERVABILITY_COMPOSE_FILE),
  });
  return {
    text,
    next: [
      ...(unsure.length > 0 ? [`Check in ${environmentFile(name)}: ${unsure.join(', ')}`] : []),
      `Create its namespace with "kubectl --context ${context} create namespace ${namespace}"`,
      `Deploy to it with "nx run-many -t kubernetes-deploy -c ${name}"`,
    ],
  };
}

function onEcs(tree: Tree, platform: Platform, schema: EnvironmentSchema): MadeEnvironment {
  const { name } = schema;
  const { text, unsure } = ecsText(schema, {
    platform,
    gateways: gatewaysOf(platform),
    registry: otherRegistry(tree),
  });
  return {
    text,
    next: [
      `Check in ${environmentFile(name)}: ${unsure.join(', ')}`,
      `Make what has to exist once: "micro render -e ${name} --format=cloudformation" prints a template (other formats: terraform, cdk)`,
      `Deploy to it with "nx run-many -t ecs-deploy -c ${name}"`,
    ],
  };
}

const MAKERS = { compose: onEngine, kubernetes: onCluster, ecs: onEcs };

/** A port, or a host name with the source of its certificate. The parser of the file checks it. */
function publishedBy({ publish, tls }: EnvironmentSchema): NewPublication['publish'] | undefined {
  const text = String(publish ?? '');
  if (text === '' && tls === undefined) return undefined;
  if (text !== '' && !/[a-z]/i.test(text)) {
    if (tls === undefined) return text;
    throw new UserError(
      `--tls is for a host name, and --publish=${text} is a port: leave --tls out`,
    );
  }
  if (text === '') {
    throw new UserError('--tls is for a host name: add for example --publish=shop.example.com');
  }
  return { host: text, tls: tls ?? 'auto' };
}

function gatewaysOf({ services }: Platform): string[] {
  return services.filter(({ kind }) => kind === 'gateway').map(({ name }) => name);
}

function onlyGateway(platform: Platform): string {
  const [gateway, ...others] = gatewaysOf(platform);
  if (gateway === undefined) {
    throw new UserError(
      '--publish is the port of a gateway, but there is none: create one with "nx g @org/micro:gateway", or leave --publish out',
    );
  }
  if (others.length > 0) {
    throw new UserError(
      `--publish is the port of one gateway, and there are ${[gateway, ...others].join(', ')}: leave it out and write "publish" of each into the file`,
    );
  }
  return gateway;
}
