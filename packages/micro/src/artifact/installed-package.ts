/** `node_modules/.pnpm/pg@8/node_modules/pg/lib/index.js` -> the folder of the last package. */
export const INSTALLED_PACKAGE = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/;

/** What a package says about itself in its package.json. */
export interface PackageIdentity {
  name: string;
  version?: string;
  license?: unknown;
  /** An old form, which some packages still have. */
  licenses?: unknown;
}

/** `pg@8.16.0`: how a package is told from other versions of it. */
export function packageLabel({ name, version }: { name: string; version?: string }): string {
  return version === undefined ? name : `${name}@${version}`;
}

/** The licence that a package declares, as an SPDX expression if it is one; `undefined` if it declares none. */
export function declaredLicense({ license, licenses }: PackageIdentity): string | undefined {
  const declared = [license ?? licenses].flat().flatMap((one: unknown) => {
    if (typeof one === 'string') return one.trim() === '' ? [] : [one.trim()];
    const type = (one as { type?: unknown } | null | undefined)?.type;
    return typeof type === 'string' && type.trim() !== '' ? [type.trim()] : [];
  });
  return declared.length > 0 ? declared.join(' OR ') : undefined;
}
