import { compare, parse } from 'semver';

/** A version of a service as `nx release` gives it: `1.4.0`, or `1.5.0-beta.1` before a release. */
export interface Version {
  text: string;
  major: number;
  minor: number;
  patch: number;
  isPrerelease: boolean;
}

/** @returns `undefined` if the text is no semantic version. A `v` in front is none of it. */
export function parseVersion(text: string): Version | undefined {
  const parsed = /^\d/.test(text) ? parse(text) : null;
  if (parsed?.raw !== text) return undefined;
  const { major, minor, patch, prerelease } = parsed;
  return { text, major, minor, patch, isPrerelease: prerelease.length > 0 };
}

/** Orders versions; a prerelease comes before the version that it leads to, and beta.2 before beta.10. */
export function compareVersions(a: Version, b: Version): number {
  return compare(a.text, b.text);
}
