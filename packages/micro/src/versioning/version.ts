/** A version of a service as `nx release` gives it: `1.4.0`, or `1.5.0-beta.1` before a release. */
export interface Version {
  text: string;
  major: number;
  minor: number;
  patch: number;
  isPrerelease: boolean;
}

const SEMVER = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;

/** @returns `undefined` if the text is no semantic version. */
export function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch, prerelease] = SEMVER.exec(text) ?? [];
  if (major === undefined) return undefined;
  return {
    text,
    major: Number(major),
    minor: Number(minor),
    patch: Number(patch),
    isPrerelease: prerelease !== undefined,
  };
}

/** Orders versions; a prerelease comes before the version that it leads to, and beta.2 before beta.10. */
export function compareVersions(a: Version, b: Version): number {
  return (
    a.major - b.major ||
    a.minor - b.minor ||
    a.patch - b.patch ||
    Number(b.isPrerelease) - Number(a.isPrerelease) ||
    a.text.localeCompare(b.text, 'en', { numeric: true })
  );
}
