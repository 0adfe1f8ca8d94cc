import type { Environment } from '../platform/environment';
import type { Service } from '../platform/platform';
import type { Problem } from '../platform/problem';
import type { YamlSource } from '../platform/yaml-source';
import { graceFor, parseDuration, STOP_VARIABLE } from './stop-time';

/** The source files of a service's entry. */
export interface WrittenFiles {
  /** `apps/orders/compose.yaml` */
  own?: YamlSource | undefined;
  /** `environments/production.compose.yaml`, which is merged over all others. */
  overlay?: YamlSource | undefined;
}

interface Written {
  [key: string]: unknown;
  deploy?: { replicas?: unknown; resources?: { limits?: Record<string, unknown> } | null } | null;
}

/** Settings in compose files that a deploy cannot follow. They are reported before anything changes. */
export function writtenProblems(
  service: Service,
  environment: Environment,
  { own, overlay }: WrittenFiles,
): Problem[] {
  return [
    ...[own, overlay].flatMap((source) => (source ? nameProblems(service, source) : [])),
    ...[own, overlay].flatMap((source) =>
      source ? scaleProblems(service, environment, source) : [],
    ),
    ...(overlay ? overlayProblems(service, environment, overlay) : []),
    ...stopProblems(service, environment, { own, overlay }),
  ];
}

function entryOf(source: YamlSource | undefined, { name }: Service): Written {
  const { services } = (source?.value ?? {}) as {
    services?: Record<string, Written | null> | null;
  };
  const entry = services?.[name];
  if (typeof entry !== 'object' || entry === null) return {};
  const merged = [entry['<<']].flat() as (Written | undefined)[];
  return Object.assign({}, ...merged.reverse(), entry) as Written;
}

function problemAt(
  source: YamlSource,
  { name }: Service,
  path: readonly string[],
  message: string,
): Problem {
  return { file: source.file, line: source.lineOf(['services', name, ...path]), message };
}

/** Only one container can have a name, so no new one or second replica could be created beside it. */
function nameProblems(service: Service, source: YamlSource): Problem[] {
  const name = entryOf(source, service)['container_name'];
  if (typeof name !== 'string') return [];
  const message = `only one container can have container_name "${name}", so a deploy could not start a new one beside the old one. Remove it; other services still reach this one as "${service.name}"`;
  return [problemAt(source, service, ['container_name'], message)];
}

/** `scale` never has an effect. `deploy.replicas` has one only in the service's own file, where sync writes it. */
function scaleProblems(service: Service, environment: Environment, source: YamlSource): Problem[] {
  const entry = entryOf(source, service);
  const here = environment.services[service.name]?.replicas ?? service.replicas;
  const isOverlay = source.file !== `${service.root}/compose.yaml`;
  const found: [readonly string[], unknown][] = [
    [['scale'], entry['scale']],
    ...(isOverlay
      ? [[['deploy', 'replicas'], entry.deploy?.replicas] satisfies [string[], unknown]]
      : []),
  ];
  return found.flatMap(([path, value]) => {
    if (!isWord(value) || Number(value) === here) return [];
    const message = `${path.join('.')} ${String(value)} has no effect on a deploy, which uses "replicas: ${here}": write "replicas: ${String(value)}" under services.${service.name} of ${environment.file}, or into ${service.root}/service.yml for everywhere`;
    return [problemAt(source, service, path, message)];
  });
}

/** Keys that the environment file or the push decides, so that an overlay cannot change them. */
function overlayProblems(
  service: Service,
  environment: Environment,
  overlay: YamlSource,
): Problem[] {
  const entry = entryOf(overlay, service);
  const here = environment.services[service.name];
  const at = (path: readonly string[], message: string) => [
    problemAt(overlay, service, path, message),
  ];
  const own = `services.${service.name} of ${environment.file}`;
  const limits = entry.deploy?.resources?.limits ?? {};
  const variables = variablesOf(entry);
  return [
    ...('image' in entry
      ? at(
          ['image'],
          `image has no effect: a deploy runs the image that docker-push pushed for ${service.name}`,
        )
      : []),
    ...('build' in entry
      ? at(
          ['build'],
          `build has no effect: docker-build builds the image of ${service.name}; its options are in the project's targets`,
        )
      : []),
    ...('ports' in entry && here?.publish?.kind === 'port'
      ? at(['ports'], `ports have no effect beside "publish" under ${own}: keep one of the two`)
      : []),
    ...(['cpus', 'memory'] as const).flatMap((key) => {
      const limit = limits[key];
      return isWord(limit) &&
        here?.resources?.[key] !== undefined &&
        String(limit) !== String(here.resources[key])
        ? at(
            ['deploy', 'resources', 'limits', key],
            `${key} ${String(limit)} has no effect beside "resources" under ${own}, which says ${String(here.resources[key])}: keep one of the two`,
          )
        : [];
    }),
    ...Object.entries(here?.environment ?? {}).flatMap(([name, value]) =>
      variables.has(name) && variables.get(name) !== value
        ? at(
            ['environment', name],
            `${name} has no effect beside ${name} of "environment" under ${own}: keep one of the two`,
          )
        : [],
    ),
  ];
}

/** A grace period that contradicts the service's stop timeout. */
function stopProblems(service: Service, environment: Environment, files: WrittenFiles): Problem[] {
  const { own, overlay } = files;
  const variable = (source: YamlSource | undefined) => {
    const text = variablesOf(entryOf(source, service)).get(STOP_VARIABLE);
    return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
  };
  const ofEnvironment = environment.services[service.name]?.environment[STOP_VARIABLE];
  const isHere = ofEnvironment !== undefined && /^\d+$/.test(ofEnvironment);
  const stop = isHere ? Number(ofEnvironment) : (variable(overlay) ?? variable(own));
  if (stop === undefined) return [];
  const stopIsOwn = !isHere && variable(overlay) === undefined;
  const source = [overlay, own].find(
    (one) => one && entryOf(one, service)['stop_grace_period'] !== undefined,
  );
  // The service's own file is for all environments; a value in the environment overrides it.
  if (!source || (source === own && !stopIsOwn)) return [];
  const written = entryOf(source, service)['stop_grace_period'];
  const grace = parseDuration(written);
  if (grace === undefined || grace > stop) return [];
  const wanted = `${Math.ceil(graceFor(stop) / 1000)}s`;
  const where = isHere
    ? `${environment.file} says ${STOP_VARIABLE} ${stop}`
    : `${STOP_VARIABLE} is ${stop}`;
  const message = `stop_grace_period ${String(written)} ends ${service.name} before it has finished its work: ${where}. Write "stop_grace_period: ${wanted}", or a lower ${STOP_VARIABLE}`;
  return [problemAt(source, service, ['stop_grace_period'], message)];
}

/** `["A=1"]` and `{ A: 1 }` say the same. */
function variablesOf(entry: Written): ReadonlyMap<string, string> {
  const written = entry['environment'];
  if (Array.isArray(written)) {
    return new Map(
      written.map((item) => {
        const [name = '', ...rest] = String(item).split('=');
        return [name, rest.join('=')];
      }),
    );
  }
  return new Map(
    Object.entries((written ?? {}) as Record<string, unknown>).flatMap(([name, value]) =>
      isWord(value) ? [[name, String(value)] as const] : [],
    ),
  );
}

/** A YAML scalar that is not null. */
function isWord(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}
