import { splitAddress } from './command';
import {
  commands,
  isGood,
  lines,
  list,
  questions,
  type CallParts,
  type EngineCall,
  type EngineRequest,
} from './engine-call';

/**
 * The requests that a docker command makes: starting the client costs more than most answers. `undefined` for every
 * command that is not known here in exactly this form; the client runs those.
 */
export function engineCallOf(args: readonly string[]): EngineCall | undefined {
  const { address, rest } = splitAddress(args);
  const [noun = '', verb = '', ...more] = rest;
  const part = COMMANDS[`${noun} ${verb}`]?.(more) ?? SINGLE[noun]?.(rest.slice(1));
  return part && { address, ...part };
}

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => CallParts | undefined>> = {
  'container inspect': (ids) => {
    if (!arePlain(ids)) return undefined;
    const paths = ids.map((id) => `/containers/${encodeURIComponent(id)}/json`);
    return questions(paths, (found) => `[${found.join(',')}]\n`, '[]\n');
  },
  'network inspect': (names) => {
    if (!arePlain(names)) return undefined;
    const paths = names.map((name) => `/networks/${encodeURIComponent(name)}`);
    return questions(paths, (found) => `[${found.join(',')}]\n`, '[]\n');
  },
  'image inspect': (args) => {
    const references = after(args, ['--format', '{{json .}}']);
    if (!references || !arePlain(references)) return undefined;
    const paths = references.map((reference) => `/images/${encodeURI(reference)}/json`);
    return questions(paths, lines);
  },
  'image history': (args) => {
    const [reference = '', ...more] = after(args, ['--human=false', '--format', '{{.Size}}']) ?? [];
    if (more.length > 0 || !arePlain([reference])) return undefined;
    return list(`/images/${encodeURI(reference)}/history`, (body) =>
      lines((JSON.parse(body) as { Size: number }[]).map(({ Size }) => String(Size))),
    );
  },
  'volume inspect': (args) => {
    const names = after(args, ['--format', '{{json .Labels}}']);
    if (!names || !arePlain(names)) return undefined;
    const paths = names.map((name) => `/volumes/${encodeURIComponent(name)}`);
    return questions(paths, (found) =>
      lines(found.map((one) => JSON.stringify((JSON.parse(one) as Labelled).Labels ?? null))),
    );
  },
  'container ls': listContainers,
  'volume ls': listVolumes,
  'volume create': createVolume,
  'volume rm': (args) => {
    const names = after(args, ['--force']);
    if (!names || !arePlain(names)) return undefined;
    return commands(
      names.map((name) => ({
        method: 'DELETE',
        path: `/volumes/${encodeURIComponent(name)}?force=1`,
      })),
      names,
    );
  },
  'container start': (ids) =>
    arePlain(ids) ? commands(ids.map(post('start')), ids, START_FAILED) : undefined,
  'container stop': (ids) =>
    arePlain(ids) ? { ...commands(ids.map(post('stop')), ids), inOrder: false } : undefined,
  'container rm': removeContainers,
  'network disconnect': ([network, id, ...more]) =>
    network && id && more.length === 0 && arePlain([network, id])
      ? commands([postTo(network, 'disconnect', { Container: id, Force: false })], [])
      : undefined,
  'network connect': connectNetwork,
};

/** Commands of one word. */
const SINGLE: Readonly<Record<string, (args: readonly string[]) => CallParts | undefined>> = {
  version: versionOf,
  tag: tagImage,
};

const START_FAILED = (ids: readonly string[]) =>
  `Error: failed to start containers: ${ids.join(', ')}`;

function post(what: string): (id: string) => EngineRequest {
  return (id) => ({ method: 'POST', path: `/containers/${encodeURIComponent(id)}/${what}` });
}

function postTo(network: string, what: string, body: unknown): EngineRequest {
  return { method: 'POST', path: `/networks/${encodeURIComponent(network)}/${what}`, body };
}

function connectNetwork(args: readonly string[]): CallParts | undefined {
  const { values, rest } = valuesOf(args, '--alias');
  const [network, id, ...more] = rest;
  if (!network || !id || more.length > 0 || !arePlain(rest)) return undefined;
  const EndpointConfig = { IPAMConfig: {}, Aliases: values };
  return commands([postTo(network, 'connect', { Container: id, EndpointConfig })], []);
}

function tagImage([source = '', target = '', ...more]: readonly string[]): CallParts | undefined {
  const colon = target.lastIndexOf(':');
  const isTagged = colon > target.lastIndexOf('/') && !target.includes('@');
  if (!isTagged || more.length > 0 || !arePlain([source, target])) return undefined;
  const query = new URLSearchParams({ repo: target.slice(0, colon), tag: target.slice(colon + 1) });
  const path = `/images/${encodeURI(source)}/tag?${query.toString()}`;
  return commands([{ method: 'POST', path }], []);
}

function createVolume(args: readonly string[]): CallParts | undefined {
  const { values, rest } = valuesOf(args, '--label');
  const [name, ...more] = rest;
  if (!name || more.length > 0 || !arePlain(rest)) return undefined;
  const Labels = Object.fromEntries(
    values.map((label) => {
      const at = label.indexOf('=');
      return at < 0 ? [label, ''] : [label.slice(0, at), label.slice(at + 1)];
    }),
  );
  const body = { Name: name, Driver: 'local', Labels };
  return commands([{ method: 'POST', path: '/volumes/create', body }], [name]);
}

/** With `--force`, a container that is not there is told of and no error. */
function removeContainers(args: readonly string[]): CallParts | undefined {
  const force = args[0] === '--force';
  const rest = force ? args.slice(1) : args;
  const volumes = rest[0] === '--volumes';
  const ids = volumes ? rest.slice(1) : rest;
  if (!arePlain(ids)) return undefined;
  const query = [...(volumes ? ['v=1'] : []), ...(force ? ['force=1'] : [])].join('&');
  const requests = ids.map((id): EngineRequest => ({
    method: 'DELETE',
    path: `/containers/${encodeURIComponent(id)}${query && `?${query}`}`,
  }));
  const { print } = commands(requests, ids);
  return {
    requests,
    inOrder: false,
    print: (answers) => {
      const isHarmless = answers.every((one) => isGood(one) || (force && one.status === 404));
      return { ...print(answers)!, ...(isHarmless ? { exitCode: 0 } : {}) };
    },
  };
}

interface Labelled {
  Labels?: Record<string, string> | null;
}

function listContainers(args: readonly string[]): CallParts | undefined {
  const filtered = after(args, ['--all', '--no-trunc']);
  if (!filtered) return undefined;
  const isQuiet = filtered[0] === '--quiet';
  const { values, rest } = valuesOf(isQuiet ? filtered.slice(1) : filtered, '--filter');
  const filters = labelFilters(values);
  if (!filters || (isQuiet ? rest.length > 0 : rest[0] !== '--format' || rest.length !== 2)) {
    return undefined;
  }
  return list(`/containers/json?all=1&filters=${filters}`, (body) => {
    const containers = JSON.parse(body) as { Id: string }[];
    // The client's columns have forms of their own, such as its times.
    if (!isQuiet) return containers.length === 0 ? '' : undefined;
    return lines(containers.map(({ Id }) => Id));
  });
}

function listVolumes(args: readonly string[]): CallParts | undefined {
  const { values, rest } = valuesOf(args, '--filter');
  const filters = labelFilters(values);
  const columns = rest[0] === '--format' && rest.length === 2 ? columnsOf(rest[1]!) : undefined;
  if (!filters || !columns) return undefined;
  return list(`/volumes?filters=${filters}`, (body) => {
    const { Volumes } = JSON.parse(body) as { Volumes: (Labelled & { Name: string })[] | null };
    const sorted = (Volumes ?? []).toSorted((a, b) => (a.Name < b.Name ? -1 : 1));
    return lines(sorted.map((volume) => columns.map((column) => column(volume)).join('\t')));
  });
}

type Column = (volume: Labelled & { Name: string }) => string;

const LABEL_COLUMN = /^\{\{\.Label "([^"\\]+)"\}\}$/;

function columnsOf(template: string): Column[] | undefined {
  const columns = template.split('\t').map((column): Column | undefined => {
    if (column === '{{.Name}}') return ({ Name }) => Name;
    const label = LABEL_COLUMN.exec(column)?.[1];
    return label === undefined ? undefined : ({ Labels }) => Labels?.[label] ?? '';
  });
  return columns.every((column) => column !== undefined) ? columns : undefined;
}

function labelFilters(filters: readonly string[]): string | undefined {
  const labels = filters.map((filter) => filter.replace(/^label=/, ''));
  if (filters.length === 0 || filters.some((filter) => !filter.startsWith('label='))) {
    return undefined;
  }
  return encodeURIComponent(JSON.stringify({ label: labels }));
}

interface Version {
  Os: string;
  Arch: string;
  KernelVersion: string;
}

const VERSION_FORMATS: Readonly<Record<string, (version: Version) => string>> = {
  '{{.Server.Os}}/{{.Server.Arch}}': ({ Os, Arch }) => `${Os}/${Arch}`,
  '{{.Server.KernelVersion}}': ({ KernelVersion }) => KernelVersion,
};

function versionOf([flag, format, ...more]: readonly string[]): CallParts | undefined {
  const print = flag === '--format' && more.length === 0 && VERSION_FORMATS[format ?? ''];
  if (!print) return undefined;
  return list('/version', (body) => `${print(JSON.parse(body) as Version)}\n`);
}

/** The arguments behind these; `undefined` if others come first. */
function after(args: readonly string[], first: readonly string[]): readonly string[] | undefined {
  return first.every((word, index) => args[index] === word) ? args.slice(first.length) : undefined;
}

/** The values of an option that is given any number of times, before everything else. */
function valuesOf(args: readonly string[], option: string) {
  let at = 0;
  const values: string[] = [];
  for (; args[at] === option && at + 1 < args.length; at += 2) values.push(args[at + 1]!);
  return { values, rest: args.slice(at) };
}

/** Names, with no option among them. */
function arePlain(names: readonly string[]): boolean {
  return names.length > 0 && names.every((name) => name !== '' && !name.startsWith('-'));
}
