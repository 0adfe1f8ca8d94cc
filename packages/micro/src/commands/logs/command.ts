import { ownEntries } from '../../compose/datastore';
import { BROKER_NAME } from '../../platform/datastore';
import { clusterOf } from '../../effects/cluster';
import { readAnyEnvironment } from '../../effects/environments';
import { observabilityParts } from '../../effects/observability-folder';
import { projectNameOf, addressOf } from '../../deployment/project';
import type { AnyEnvironment } from '../../platform/environment';
import { EDGE_SERVICE } from '../../platform/edge-options';
import type { Platform } from '../../platform/platform';
import { UserError } from '../../platform/user-error';
import { didYouMean } from '../../platform/yaml-source';
import { ENVIRONMENT_OPTION, readOptions } from '../options';
import { readWorkspacePlatform, type Shell } from '../shell';
import { formatLogJson, formatLogLine } from './format';
import { clusterSource } from './cluster-source';
import { groupReader } from './group-reader';
import { engineSource } from './engine-source';
import { isOfRequest, type LogLine } from './log-line';
import { containerReader, type LogQuery, type LogReader } from './read-logs';

export const LOGS_USAGE = `usage: micro logs [services...] [-e environment] [--request-id id] [--since 10m] [--follow] [--json]

  Shows the logs of an environment's services, merged by time; "edge" for those of the edge.

  -e, --environment   the environment; development by default
      --request-id    only the lines of this request, in any service
      --since         a time such as 10m or 2026-11-21T12:00:00Z; on Amazon ECS, 10m by default
  -f, --follow        keep showing new lines
      --json          print one JSON object per line
`;

const OPTIONS = {
  ...ENVIRONMENT_OPTION,
  'request-id': { type: 'string' },
  since: { type: 'string' },
  follow: { type: 'boolean', short: 'f' },
  json: { type: 'boolean' },
} as const;

/** `micro logs` */
export async function logsCommand(args: readonly string[], shell: Shell): Promise<number> {
  const { values, words } = readOptions(args, OPTIONS, LOGS_USAGE, { words: true });
  const platform = readWorkspacePlatform(shell.workspaceRoot);
  const environment = readAnyEnvironment(shell.workspaceRoot, values.environment);
  const names = loggedNames(shell.workspaceRoot, platform, environment);
  const services = words.map((word) =>
    word === 'edge' && !names.includes(word) && names.includes(EDGE_SERVICE) ? EDGE_SERVICE : word,
  );
  requireKnown(services, names);
  const { since } = values;
  if (since !== undefined && !SINCE.test(since)) {
    throw new UserError(`--since ${since}: give a time such as 10m, 2h or 2026-11-21T12:00:00Z`);
  }
  const reader = readerOf(shell, platform, environment, { services, since });
  const requestId = values['request-id'];
  const isAsked = (line: LogLine) => requestId === undefined || isOfRequest(line, requestId);
  const tell = (line: LogLine, width: number) =>
    shell.say(values.json ? formatLogJson(line) : formatLogLine(line, width, shell.paint));
  if (values.follow) {
    const expected = names.filter((name) => name !== EDGE_SERVICE);
    const width = widest(services.length > 0 ? services : expected);
    await reader.follow((line) => isAsked(line) && tell(line, width));
  } else {
    const lines = (await reader.read()).filter(isAsked);
    const width = widest(lines.map(({ service }) => service));
    for (const line of lines) tell(line, width);
  }
  return 0;
}

function readerOf(
  shell: Shell,
  platform: Platform,
  environment: AnyEnvironment,
  asked: Pick<LogQuery, 'services' | 'since'>,
): LogReader {
  const { runner } = shell;
  if (environment.engine === 'ecs') {
    return groupReader(shell, { ...asked, platform, environment });
  }
  if (environment.engine === 'kubernetes') {
    const { cluster, scope } = clusterOf(runner, platform.name, environment);
    return containerReader(shell, { ...asked, source: clusterSource(cluster, scope) });
  }
  const project = projectNameOf(platform.name, environment);
  const source = engineSource(runner, addressOf(environment), project);
  return containerReader(shell, { ...asked, source });
}

function widest(names: readonly string[]): number {
  return Math.max(0, ...new Set(names.map((name) => name.length)));
}

/** A Go duration, a date, or a date with a time. */
const SINCE =
  /^(?:(?:\d+(?:\.\d+)?(?:h|m|s|ms))+|\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?)$/;

/** On a cluster, no edge is ours, and the broker may not be; on ECS, no datastore is either. */
function loggedNames(
  workspaceRoot: string,
  platform: Platform,
  environment: AnyEnvironment,
): string[] {
  const names = ownEntries(platform);
  if (environment.engine === 'ecs') return platform.services.map(({ name }) => name);
  if (environment.engine === 'compose') return [...names, EDGE_SERVICE];
  const own =
    environment.broker === 'in-cluster' ? names : names.filter((one) => one !== BROKER_NAME);
  return [...own, ...observabilityParts(workspaceRoot, environment)];
}

function requireKnown(words: readonly string[], names: readonly string[]): void {
  const unknown = words.filter((word) => !names.includes(word));
  if (unknown.length === 0) return;
  throw new UserError(
    unknown
      .map((word) => `"${word}" is not a service of this platform${didYouMean(word, names)}`)
      .join('\n'),
  );
}
