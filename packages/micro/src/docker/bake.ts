import { buildEnvironment, type BuildRequest } from './buildx';

/** One image of a bake: everything of its own, without what holds for the whole run. */
export type BakeTarget = Omit<BuildRequest, 'builder' | 'args' | 'pull'>;

/** What `docker buildx bake` reads, as JSON. */
export interface BakeFile {
  group: { default: { targets: string[] } };
  target: Record<string, Record<string, unknown>>;
}

/** The definition that builds each target as `buildx build` would, all in one solve. */
export function bakeFile(targets: ReadonlyMap<string, BakeTarget>): BakeFile {
  return {
    group: { default: { targets: [...targets.keys()] } },
    target: Object.fromEntries(
      [...targets].map(([name, target]) => [name, escape(bakeTarget(target))]),
    ),
  };
}

/** `buildx bake …` of a definition, without a terminal's progress. */
export function bakeArguments(file: string, builder: string | undefined): string[] {
  return [
    'buildx',
    'bake',
    ...(builder === undefined ? [] : ['--builder', builder]),
    '--file',
    file,
    '--progress',
    'plain',
  ];
}

/**
 * The variables of a bake. Since buildx 0.20 a definition must be allowed to read outside of the working directory, where
 * the artifacts are; `--allow` is unknown to older ones. This definition is ours and names what `buildx build` would read
 * without asking.
 */
export function bakeEnvironment(own: NodeJS.ProcessEnv): Record<string, string> {
  return { ...buildEnvironment(own), BUILDX_BAKE_ENTITLEMENTS_FS: '0' };
}

/**
 * Reads bake's plain progress line by line and tells which target has been exported:
 * `#29 [users] exporting to image` names the step, `#29 DONE 0.3s` ends it.
 */
export function bakeProgress(): (line: string) => string | undefined {
  const exporting = new Map<string, string>();
  return (line) => {
    const started = /^#(\d+) \[([\w-]+)\] exporting to /.exec(line);
    if (started) exporting.set(started[1]!, started[2]!);
    const done = /^#(\d+) (?:DONE|CACHED)\b/.exec(line);
    return done ? exporting.get(done[1]!) : undefined;
  };
}

function bakeTarget(target: BakeTarget): Record<string, unknown> {
  const outputs = [
    ...(target.load ? ['type=docker'] : []),
    ...(target.push ? ['type=registry'] : []),
  ];
  return {
    context: target.context,
    dockerfile: target.dockerfile,
    ...given('target', target.target),
    ...some('platforms', target.platforms),
    ...some('contexts', target.contexts),
    ...some('args', target.buildArgs),
    ...some('labels', target.labels),
    ...some('secret', target.secrets),
    ...some('ssh', target.ssh),
    ...some('tags', target.tags),
    ...some('cache-from', target.cacheFrom),
    ...some('cache-to', target.cacheTo),
    ...(target.noCache ? { 'no-cache': true } : {}),
    ...some('output', outputs),
  };
}

function given(name: string, value: string | undefined): Record<string, unknown> {
  return value === undefined ? {} : { [name]: value };
}

function some(
  name: string,
  values: readonly string[] | Readonly<Record<string, string>>,
): Record<string, unknown> {
  return Object.keys(values).length > 0 ? { [name]: values } : {};
}

/** Bake fills in `${…}` and `%{…}` in every string; ours mean what they say. */
function escape<Value>(value: Value): Value {
  if (typeof value === 'string') {
    return value.replace(/([$%])(?=\{)/g, '$1$1') as Value;
  }
  if (Array.isArray(value)) return value.map((item: unknown) => escape(item)) as Value;
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, escape(item as unknown)]),
    ) as Value;
  }
  return value;
}
