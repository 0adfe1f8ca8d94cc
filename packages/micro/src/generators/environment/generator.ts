import { formatFiles, logger, type Tree } from '@nx/devkit';
import { parseEnvironment } from '../../platform/environment';
import { environmentFile } from '../../platform/environment-file';
import { serviceNameProblem } from '../../platform/name';
import type { Platform } from '../../platform/platform';
import { UserError } from '../../platform/user-error';
import { readTreePlatform } from '../workspace-tree';
import { newEnvironment, type NewPublication } from './new-environment';
import { freePortOffset } from './port-offset';

export interface EnvironmentSchema {
  name: string;
  context?: string;
  host?: string;
  registry?: string;
  images?: 'pushed' | 'local';
  publish?: string | number;
  tls?: 'auto' | 'internal' | 'none';
  skipFormat?: boolean;
}

/** `nx g @org/micro:environment production`: a place to deploy to, whose file is the person's from then on. */
export async function environmentGenerator(tree: Tree, schema: EnvironmentSchema): Promise<void> {
  const { name } = schema;
  const problem = serviceNameProblem(name, "an environment's");
  if (problem) throw new UserError(problem);
  const platform = readTreePlatform(tree);
  const file = environmentFile(name);
  if (tree.exists(file)) {
    logger.warn(`${file} already exists and was kept: edit it`);
    return;
  }
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
  parseEnvironment(
    name,
    text,
    platform.services.map((service) => service.name),
  );
  tree.write(file, text);
  if (!schema.skipFormat) await formatFiles(tree);
  logger.info(`Deploy to it with "nx run-many -t compose-deploy -c ${name}"`);
}

export default environmentGenerator;

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
