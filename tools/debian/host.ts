import { existsSync, readFileSync } from 'node:fs';

/** Facts about the machine that decide what may be installed on it. */
export interface Host {
  platform: NodeJS.Platform;
  root: boolean;
  /** Set on Debian itself, not on distributions based on it. `major` is Infinity for testing and unstable. */
  debian?: { codename: string; major: number };
}

export function readHost(): Host {
  const host: Host = { platform: process.platform, root: process.getuid?.() === 0 };
  const debian = existsSync('/etc/os-release')
    ? parseOsRelease(readFileSync('/etc/os-release', 'utf8'))
    : undefined;
  return debian ? { ...host, debian } : host;
}

/** `/etc/os-release` -> Debian's release, `undefined` for any other system. */
export function parseOsRelease(text: string): Host['debian'] {
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(text)?.[1];
  if (field('ID') !== 'debian') return undefined;
  const version = field('VERSION_ID');
  return {
    codename: field('VERSION_CODENAME') ?? 'sid',
    major: version ? Number.parseInt(version, 10) : Infinity,
  };
}
