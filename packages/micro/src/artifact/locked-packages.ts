import { parse as parseJsonc } from 'jsonc-parser';
import { parse } from 'yaml';
import { declaredLicense } from './installed-package';
import { folderOf, type NpmLockfile } from './package-lock';

/** A package that an image installs, as its lockfile has it. */
export interface LockedPackage {
  name: string;
  version: string | undefined;
  /** Only npm notes licences in its lockfile. */
  license: string | undefined;
  /** Whether it depends on the processor or C library, or may be missing for another reason. */
  isOptional: boolean;
}

/** An operating system, processor or C library that a package is limited to: `linux`, `!win32`. */
type Limit = string | readonly string[] | undefined;

interface Limits {
  os?: Limit;
  cpu?: Limit;
  libc?: Limit;
  optional?: boolean;
}

/**
 * The packages in the lockfile of an artifact. Those for another operating system than Linux are left out.
 *
 * @param files of the install: name -> text.
 */
export function lockedPackages(files: Readonly<Record<string, string>>): LockedPackage[] {
  const read = Object.entries(READERS).find(([name]) => files[name] !== undefined);
  return read ? read[1](files[read[0]]!) : [];
}

const READERS: Readonly<Record<string, (text: string) => LockedPackage[]>> = {
  'package-lock.json': readNpm,
  'pnpm-lock.yaml': readPnpm,
  'yarn.lock': readYarn,
  'bun.lock': readBun,
};

function readNpm(text: string): LockedPackage[] {
  const { packages } = JSON.parse(text) as NpmLockfile;
  return Object.entries(packages).flatMap(([place, entry]) =>
    place === ''
      ? []
      : toLocked(
          {
            name: entry.name ?? place.slice(folderOf(place).length),
            version: entry.version,
            license: declaredLicense({ ...entry, name: '' }),
          },
          entry as Limits,
        ),
  );
}

function readPnpm(text: string): LockedPackage[] {
  const { packages = {}, snapshots = {} } = parse(text) as {
    packages?: Record<string, Limits & { version?: string }>;
    snapshots?: Record<string, { optional?: boolean }>;
  };
  const required = new Set(
    Object.entries(snapshots).flatMap(([key, { optional }]) =>
      optional ? [] : [key.split('(')[0]!],
    ),
  );
  return Object.entries(packages).flatMap(([key, entry]) => {
    const { name, range } = splitReference(key);
    const limits = { ...entry, optional: !required.has(key) };
    return toLocked({ name, version: entry.version ?? range }, limits);
  });
}

function readYarn(text: string): LockedPackage[] {
  const { __metadata: _metadata, ...entries } = parse(text) as Record<
    string,
    { version: string; resolution: string; conditions?: string }
  >;
  return Object.values(entries).flatMap(({ version, resolution, conditions = '' }) => {
    if (resolution.includes('@workspace:')) return [];
    // `os=linux & (cpu=x64 | cpu=arm64)`
    const of = (what: string) =>
      [...conditions.matchAll(/(!?)(os|cpu|libc)=(\w+)/g)].flatMap(([, not, kind, value]) =>
        kind === what ? [`${not}${value}`] : [],
      );
    const limits = { os: of('os'), cpu: of('cpu'), libc: of('libc') };
    return toLocked({ name: splitReference(resolution).name, version }, limits);
  });
}

function readBun(text: string): LockedPackage[] {
  const { packages } = parseJsonc(text, [], { allowTrailingComma: true }) as {
    packages: Record<string, readonly [string, ...unknown[]]>;
  };
  return Object.values(packages).flatMap(([reference, ...more]) => {
    const { name, range } = splitReference(reference);
    const facts = more.find((one) => typeof one === 'object' && one !== null) ?? {};
    // A packed package is named by its file, and its version is in its own package.json only.
    const version = /^\d/.test(range) ? range : undefined;
    return toLocked({ name, version }, facts);
  });
}

function toLocked(
  { name, version, license }: { name: string; version?: string; license?: string },
  { os, cpu, libc, optional }: Limits,
): LockedPackage[] {
  if (!allowsLinux(listOf(os))) return [];
  const isOptional = optional === true || listOf(cpu).length > 0 || listOf(libc).length > 0;
  return [{ name, version, license, isOptional }];
}

function allowsLinux(os: readonly string[]): boolean {
  const allowed = os.filter((one) => !one.startsWith('!'));
  return !os.includes('!linux') && (allowed.length === 0 || allowed.includes('linux'));
}

function listOf(limit: Limit): readonly string[] {
  return limit === undefined ? [] : [limit].flat();
}

/** `@img/sharp@0.34.1` -> name and what follows. */
function splitReference(reference: string): { name: string; range: string } {
  const at = reference.indexOf('@', 1);
  return { name: reference.slice(0, at), range: reference.slice(at + 1) };
}
