import { expect, test } from 'vitest';
import type { Host } from '../debian/host.js';
import type { EngineFacts } from './facts.js';
import { planEngine, type EnginePlan } from './plan.js';

const bookworm: Host = {
  platform: 'linux',
  root: true,
  debian: { codename: 'bookworm', major: 12 },
};
const trixie: Host = { ...bookworm, debian: { codename: 'trixie', major: 13 } };
const user: Host = { ...bookworm, root: false };
const ubuntu: Host = { platform: 'linux', root: true };
const mac: Host = { platform: 'darwin', root: false };

const down = { kind: 'down', reason: 'refused' } as const;
const running = { kind: 'running', version: '26.1.5', name: 'Docker Engine' } as const;
const plugins = { client: '28.2.2', buildx: '0.13.1', compose: '2.26.1' };
const whole: EngineFacts = { ...plugins, server: running };

const all =
  'docker.io/trixie docker-cli/trixie docker-buildx/trixie docker-compose/trixie containerd/trixie runc iptables';

const plans: [string, EngineFacts, Host, EnginePlan][] = [
  ['all there', whole, user, { kind: 'use' }],
  [
    'Podman',
    { ...whole, server: { ...running, version: '5.4.2', isPodman: true } },
    user,
    { kind: 'use' },
  ],
  ['remote engine', { ...whole, elsewhere: 'DOCKER_HOST=tcp://x' }, bookworm, { kind: 'use' }],
  ['nothing, Debian 12', { server: down }, bookworm, prepare(all, true, true)],
  ['client only', { client: '28.2.2', server: down }, bookworm, prepare(all, true, true)],
  ['nothing, Debian 13', { server: down }, trixie, prepare(without(all), false, true)],
  [
    'engine too old, not running',
    { ...plugins, server: down, daemon: '20.10.24' },
    bookworm,
    prepare(all, true, true),
  ],
  ['stopped', { ...plugins, server: down, daemon: '26.1.5' }, bookworm, prepare('', false, true)],
  [
    'stopped, not Debian',
    { ...plugins, server: down, daemon: '27.0.0' },
    ubuntu,
    prepare('', false, true),
  ],
  [
    'one plugin missing',
    { ...whole, buildx: undefined },
    bookworm,
    prepare('docker-buildx/trixie', true, false),
  ],
];

test.each(plans)('%s', (_, facts, host, plan) => {
  expect(planEngine(facts, host)).toEqual(plan);
});

const advices: [string, EngineFacts, Host, RegExp][] = [
  ['nothing, user on Debian', { server: down }, user, /install Docker Engine .*run this as root/],
  ['nothing, Ubuntu', { server: down }, ubuntu, /install Docker Engine /],
  ['nothing, macOS', { server: down }, mac, /install and start Docker Desktop/],
  ['not started, macOS', { ...plugins, server: down }, mac, /start Docker Desktop \(refused\)/],
  ['no engine', { ...plugins, server: down }, user, /client and no engine.*Docker Engine/],
  [
    'stopped',
    { ...plugins, server: down, daemon: '26.1.5' },
    user,
    /`sudo systemctl start docker`/,
  ],
  [
    'denied',
    { ...plugins, server: { kind: 'denied', socket: '/s', group: 'docker' } },
    user,
    /usermod -aG docker/,
  ],
  [
    'elsewhere',
    { ...plugins, server: down, elsewhere: 'DOCKER_HOST=tcp://x' },
    bookworm,
    /DOCKER_HOST=tcp:\/\/x/,
  ],
  [
    'too old',
    { ...whole, server: { ...running, version: '20.10.24' } },
    bookworm,
    /20\.10\.24 is too old.*23/,
  ],
  ['no Compose', { ...whole, compose: undefined }, user, /docker-compose-plugin/],
];

test.each(advices)('advice: %s', (_, facts, host, advice) => {
  const plan = planEngine(facts, host);
  expect(plan.kind === 'advise' ? plan.advice.join('\n') : plan).toMatch(advice);
});

function prepare(install: string, trixie: boolean, start: boolean): EnginePlan {
  return { kind: 'prepare', install: install.split(' ').filter(Boolean), trixie, start };
}

function without(packages: string): string {
  return packages.replaceAll('/trixie', '');
}
