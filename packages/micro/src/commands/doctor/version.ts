/** The numbers of a version: `v2.26.1-ds1`, `26.1.5+dfsg1` -> `[2, 26, 1]`, `[26, 1, 5]`. */
export type Version = readonly [major: number, minor: number, patch: number];

/** `undefined` if no version stands in the text. */
export function parseVersion(text: string | undefined): Version | undefined {
  const [, major, minor, patch = '0'] = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text ?? '') ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}

/** Below zero if `a` is older. */
export function compareVersions(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

export function isOlder(a: Version, b: Version): boolean {
  return compareVersions(a, b) < 0;
}
