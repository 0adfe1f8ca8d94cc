import type { Host } from '../debian/host.js';
import { adviseEngine } from './advice.js';
import type { EngineFacts } from './facts.js';
import { isTooOld } from './version.js';

export type EnginePlan =
  | { kind: 'use' }
  /** `install` holds apt's arguments; `trixie` says that they need Debian 13's packages on Debian 12. */
  | { kind: 'prepare'; install: string[]; trixie: boolean; start: boolean }
  /** A person has to act: one sentence per thing to do. */
  | { kind: 'advise'; advice: string[] };

/** Debian 13's Docker needs libc6 2.34, which Debian 12 has. Its runc needs 2.38, which Debian 12 does not have. */
const OLDEST_DEBIAN = 12;
const ENGINE = ['docker.io', 'docker-cli', 'docker-buildx', 'docker-compose', 'containerd'];
const ENGINE_FROM_ANY_RELEASE = ['runc', 'iptables'];

/** Decides whether to use an existing engine, install and start one, or ask a person to do so. */
export function planEngine(facts: EngineFacts, host: Host): EnginePlan {
  const running = facts.server.kind === 'running';
  const plugins = [
    ...(facts.buildx ? [] : ['docker-buildx']),
    ...(facts.compose ? [] : ['docker-compose']),
  ];
  const { server } = facts;
  const old = server.kind === 'running' && !server.isPodman && isTooOld(server.version);
  if (running && !old && plugins.length === 0) return { kind: 'use' };

  const advise: EnginePlan = { kind: 'advise', advice: adviseEngine(facts, host) };
  if (old || host.platform !== 'linux' || !host.root || facts.elsewhere) return advise;

  const needsEngine = !running && (!facts.daemon || isTooOld(facts.daemon));
  const wanted = needsEngine
    ? [...ENGINE, ...ENGINE_FROM_ANY_RELEASE]
    : [...(facts.client ? [] : ['docker-cli']), ...plugins];
  if (wanted.length === 0) return { kind: 'prepare', install: [], trixie: false, start: !running };
  if (!host.debian || host.debian.major < OLDEST_DEBIAN) return advise;

  const trixie = host.debian.major === OLDEST_DEBIAN;
  const install = wanted.map((name) => (trixie && ENGINE.includes(name) ? `${name}/trixie` : name));
  return { kind: 'prepare', install, trixie, start: !running };
}
