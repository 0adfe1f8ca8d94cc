import { visibleIn } from '../../platform/visible';
import type { Colour, Paint } from '../shell';
import { formatColumns } from '../../terminal/columns';
import { isInStep } from './report';
import { formatTimeLeft } from '../../edge/certificate';
import type { EdgeStatus, Health, PlatformStatus, ServiceStatus } from './document';

const STATES: Record<ServiceStatus['state'], { mark: string; colour: Colour; words: string }> = {
  'in-step': { mark: '✓', colour: 'green', words: 'up to date' },
  drifted: { mark: '!', colour: 'yellow', words: 'drifted' },
  'not-deployed': { mark: '✕', colour: 'red', words: 'not deployed' },
  'not-compared': { mark: '?', colour: 'yellow', words: 'not compared' },
};

/** The report as lines for a terminal. @param now milliseconds since 1970. */
export function formatStatus(status: PlatformStatus, now: number, paint: Paint): string[] {
  const { platform, environment, commit, services, backing, edge, left, notes } = visibleIn(status);
  const head = ['', 'service', 'state', 'image', 'commit', 'running', 'health', 'since'].map(
    (word) => paint('dim', word),
  );
  const rows = services.map((service) => serviceRow(service, now, paint));
  const more = backing.map(({ name, image, health, since, drift }) => [
    drift.length === 0 ? paint('green', '✓') : paint('red', '✕'),
    name,
    drift.length === 0 ? 'up to date' : paint('red', drift.join('; ')),
    image ?? '',
    '',
    '',
    formatHealth(health, paint),
    formatSince(since, now),
  ]);
  const [title, ...lines] = formatColumns([
    head,
    ...rows,
    ...more,
    ...(edge ? [edgeRow(edge, now, paint)] : []),
  ]);
  return [
    `${paint('bold', platform)} in ${paint('bold', environment)}${commit ? paint('dim', `  workspace at ${commit.slice(0, 7)}`) : ''}`,
    '',
    ...(services.length === 0 ? ['no service yet: nx g @org/micro:service <name>'] : [title!]),
    ...lines.flatMap((line, index) => [
      line,
      ...(services[index]?.drift ?? [])
        .filter((cause) => cause !== 'not deployed')
        .map((cause) => `     ${paint(STATES[services[index]!.state].colour, cause)}`),
    ]),
    ...(edge ? formatEdge(edge, now, paint) : []),
    ...left.map(
      (name) => `${paint('yellow', '!')}  ${name}  left the workspace but is still running`,
    ),
    ...(notes.length > 0 ? ['', ...notes.map((note) => paint('yellow', note))] : []),
    '',
    summaryOf(status, paint),
  ];
}

function serviceRow(service: ServiceStatus, now: number, paint: Paint): string[] {
  const { name, state, health, replicas, key, revision, commitsBehind, since } = service;
  const { mark, colour, words } = STATES[state];
  const behind = commitsBehind ? ` (${commitsBehind} behind)` : '';
  return [
    paint(colour, mark),
    name,
    paint(colour, words),
    key === undefined ? '' : key.slice(0, 12),
    revision === undefined ? '' : `${shortRevision(revision)}${behind}`,
    `${replicas.running}/${replicas.wanted}`,
    formatHealth(health, paint),
    formatSince(since, now),
  ];
}

function edgeRow(
  { drift, problem, image, health, since }: EdgeStatus,
  now: number,
  paint: Paint,
): string[] {
  const isRight = drift.length === 0 && problem === undefined;
  const state =
    health === 'down'
      ? 'not deployed'
      : isRight
        ? 'up to date'
        : problem === undefined
          ? 'drifted'
          : 'not compared';
  const colour = isRight ? 'green' : health === 'down' ? 'red' : 'yellow';
  return [
    paint(colour, isRight ? '✓' : health === 'down' ? '✕' : '!'),
    'edge',
    paint(colour, state),
    image ?? '',
    '',
    '',
    formatHealth(health, paint),
    formatSince(since, now),
  ];
}

/** Below the edge: how it differs, and what it publishes. */
function formatEdge(
  { drift, problem, ports, hosts }: EdgeStatus,
  now: number,
  paint: Paint,
): string[] {
  return [
    ...[...drift, ...(problem === undefined ? [] : problem.split('\n'))].map(
      (cause) => `     ${paint('yellow', cause)}`,
    ),
    ...(ports.length > 0 ? [`     ports ${ports.join(', ')}`] : []),
    ...hosts.map(({ url, service, certificateUntil }) => {
      const left =
        certificateUntil === undefined
          ? ''
          : `, certificate: ${formatTimeLeft(new Date(certificateUntil), new Date(now))}`;
      return `     ${url} leads to ${service}${left}`;
    }),
  ];
}

function summaryOf(status: PlatformStatus, paint: Paint): string {
  const { services } = status;
  if (isInStep(status)) return paint('green', 'everything is up to date');
  const count = (state: ServiceStatus['state']) =>
    services.filter((service) => service.state === state).length;
  const parts = (Object.keys(STATES) as ServiceStatus['state'][])
    .filter((state) => count(state) > 0)
    .map((state) => `${count(state)} ${STATES[state].words}`);
  const ofEdge = status.edge && status.edge.drift.length > 0 ? ['the edge drifted'] : [];
  return `${services.length} services: ${[...parts, ...ofEdge].join(', ')}`;
}

function formatHealth(health: Health, paint: Paint): string {
  if (health === 'healthy') return paint('green', health);
  return health === 'unchecked' ? health : paint(health === 'starting' ? 'yellow' : 'red', health);
}

function shortRevision(revision: string): string {
  const [commit, dirty] = revision.split('-');
  return `${commit!.slice(0, 7)}${dirty ? '+' : ''}`;
}

/** `3 h ago`, in the largest unit that fits. */
export function formatSince(since: string | undefined, now: number): string {
  if (since === undefined) return '';
  const seconds = Math.max(0, Math.round((now - Date.parse(since)) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}
