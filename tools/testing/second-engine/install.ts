import { run } from '../../command.js';
import { aptInstall } from '../../debian/apt.js';
import { readHost } from '../../debian/host.js';
import { LabError, say } from '../../program.js';

/** The programs for a second machine within this one, and the Debian package of each. */
const PROGRAMS = {
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  ip: 'iproute2',
  iptables: 'iptables',
};

/** Why this machine cannot run a second engine; an empty string if it can. */
export function whyNoSecondEngine(): string {
  const { platform, root } = readHost();
  if (platform === 'linux' && root) return '';
  return 'A second engine needs Linux and root, for a network namespace and a file system of its own.';
}

/** Installs missing programs. @throws LabError naming the packages if this is not Debian. */
export async function installSecondEngine(): Promise<void> {
  const missing: string[] = [];
  for (const [program, name] of Object.entries(PROGRAMS)) {
    const { kind } = await run(program, ['-V'], { withinMs: 10_000 });
    if (kind === 'not-found') missing.push(name);
  }
  if (missing.length === 0) return;
  if (!readHost().debian)
    throw new LabError(`Install ${missing.join(', ')}: a second engine needs them.`);
  say(`installing ${missing.join(', ')} ...`);
  await aptInstall(missing);
  // The package may start its own server, which is not needed.
  if (missing.includes(PROGRAMS.sshd)) await run('service', ['ssh', 'stop']);
}
