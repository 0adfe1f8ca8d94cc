/** What one package asks of another: `{ name: 'ms', range: 'npm:^2.1.3' }`. */
export interface Descriptor {
  name: string;
  range: string;
}

/** `resolutions` of a package.json, read: `debug/ms`, `ms@npm:^2.1.3`. */
export interface Resolution {
  /** As it is written. */
  pattern: string;
  from?: string;
  name: string;
  range?: string;
  reference: string;
}

const PATTERN =
  /^(?:(?<from>(?:@[^/@]+\/)?[^/@]+)(?:@(?:[a-z]+:)?[^/]+)?\/)?(?<name>(?:@[^/@]+\/)?[^/@]+)(?:@(?<range>.+))?$/;

export function parseResolutions(resolutions: Readonly<Record<string, string>>): Resolution[] {
  return Object.entries(resolutions).flatMap(([pattern, reference]): Resolution[] => {
    const { from, name, range } = PATTERN.exec(pattern)?.groups ?? {};
    if (name === undefined) return [];
    return [
      {
        pattern,
        from,
        name,
        range: range === undefined ? undefined : withProtocol(range),
        reference: withProtocol(reference),
      },
    ];
  });
}

/** What Yarn looks for instead; with the pattern that said so. */
export function applyResolutions(
  resolutions: readonly Resolution[],
  { name, range }: Descriptor,
  from: string,
): Descriptor & { pattern?: string } {
  const found = resolutions.find(
    (one) =>
      one.name === name &&
      (one.from === undefined || one.from === from) &&
      (one.range === undefined || one.range === range),
  );
  return found ? { name, range: found.reference, pattern: found.pattern } : { name, range };
}

/** `^1.0.0` -> `npm:^1.0.0` */
export function withProtocol(range: string): string {
  return /^[a-z+]+:/.test(range) ? range : `npm:${range}`;
}

/** `is-number@npm:7.0.0` -> its two parts. */
export function parseDescriptor(text: string): Descriptor {
  const at = text.indexOf('@', 1);
  return { name: text.slice(0, at), range: text.slice(at + 1) };
}

/** `is-number@patch:is-number@npm%3A7.0.0#~/a.patch` is made of `is-number@npm:7.0.0`. */
export function patchSource(resolution: string): Descriptor | undefined {
  const { range } = parseDescriptor(resolution);
  if (!range.startsWith('patch:')) return undefined;
  return parseDescriptor(decodeURIComponent(range.slice('patch:'.length, range.indexOf('#'))));
}

/** Paths of patches in the workspace; one that Yarn brings has none. */
export function patchPaths(resolution: string): string[] {
  const { range } = parseDescriptor(resolution);
  if (!range.startsWith('patch:')) return [];
  const patches = range.slice(range.indexOf('#') + 1).split('::')[0]!;
  return patches.split('&').flatMap((patch) => {
    const path = patch.replace(/^optional!/, '');
    if (/^~?builtin</.test(path)) return [];
    if (path.startsWith('~/')) return [path.slice(2)];
    throw new Error(
      `${resolution} is patched by a file whose path is relative to its package: write the path from the root of the workspace, "~/${path}"`,
    );
  });
}

/** `packed@file:vendor/packed.tgz#vendor/packed.tgz::hash=…&locator=…` -> path in the workspace. */
export function tarballPath(resolution: string): string | undefined {
  const { range } = parseDescriptor(resolution);
  const path = /^file:([^#]+\.(?:tgz|tar\.gz))#/.exec(range)?.[1];
  if (path === undefined) return undefined;
  const locator = /[:&]locator=([^&]+)/.exec(range)?.[1] ?? '';
  const folder = decodeURIComponent(locator).replace(/^.*@workspace:/, '');
  const parts = [...folder.split('/'), ...path.split('/')];
  return parts
    .reduce<string[]>(
      (kept, part) =>
        part === '.' || part === '' ? kept : part === '..' ? kept.slice(0, -1) : [...kept, part],
      [],
    )
    .join('/');
}
