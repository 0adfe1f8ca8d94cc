/**
 * Settings of `.yarnrc.yml` that decide whether a lockfile is accepted, and from where packages come. A scope has its own:
 * with Yarn 4.18.1 it does not even follow the minimum age of the whole, but has Yarn's default of a day.
 */
const KEPT = [
  'checksumBehavior',
  'compressionLevel',
  'enableScripts',
  'enableStrictSsl',
  'npmMinimalAgeGate',
  'npmPreapprovedPackages',
  'npmRegistryServer',
  'unsafeHttpWhitelist',
];

export type YarnSettings = Readonly<Record<string, unknown>>;

/** `dependenciesMeta` of the root package.json: whether a package's install script runs. */
export type BuiltMeta = Readonly<Record<string, { built?: boolean }>>;

/** Packages that a setting adds to what another package needs, by the other one's selector. */
type Extensions = Record<string, { dependencies?: Record<string, string> }>;

/**
 * The settings for an image. Credentials are none of them: a build is given those as the secret `npmrc` or in variables.
 * @param names of the packages of the image.
 */
export function pruneYarnSettings(
  settings: YarnSettings,
  names: ReadonlySet<string>,
): Record<string, unknown> {
  const kept = Object.entries(settings).filter(([key]) => KEPT.includes(key));
  const scopes = Object.entries(
    (settings['npmScopes'] as Record<string, Record<string, unknown>> | undefined) ?? {},
  ).map(([scope, value]): [string, object] => [
    scope,
    Object.fromEntries(Object.entries(value).filter(([key]) => KEPT.includes(key))),
  ]);
  const extensions = Object.entries(extensionsIn(settings)).filter(([selector]) =>
    names.has(selector.slice(0, selector.indexOf('@', 1))),
  );
  return {
    nodeLinker: 'node-modules',
    ...Object.fromEntries(kept),
    ...(scopes.length > 0 ? { npmScopes: Object.fromEntries(scopes) } : {}),
    ...(extensions.length > 0 ? { packageExtensions: Object.fromEntries(extensions) } : {}),
  };
}

/** What the settings add to the dependencies of a package. */
export function extensionsOf(settings: YarnSettings, name: string): Record<string, string> {
  return Object.assign(
    {},
    ...Object.entries(extensionsIn(settings))
      .filter(([selector]) => selector.startsWith(`${name}@`))
      .map(([, { dependencies }]) => dependencies ?? {}),
  ) as Record<string, string>;
}

function extensionsIn(settings: YarnSettings): Extensions {
  return (settings['packageExtensions'] as Extensions | undefined) ?? {};
}

/**
 * The decisions about install scripts that an image needs. From 4.14 on, Yarn runs none that is not approved, and ends
 * with a warning and exit code 0; before, it ran all. The version of the lockfile tells which: 8 is up to 4.13.
 *
 * @param scripted packages with an install script, as `name@version`.
 * @throws for all scripts that are neither approved nor denied.
 */
export function pruneBuilt(
  scripted: readonly string[],
  meta: BuiltMeta,
  settings: YarnSettings,
  lockfileVersion: number,
): Record<string, { built: boolean }> | undefined {
  const runsAll = settings['enableScripts'] ?? lockfileVersion < 9;
  const decisions = scripted.map((label) => {
    const key = [label, label.slice(0, label.indexOf('@', 1))].find(
      (one) => meta[one]?.built !== undefined,
    );
    return { label, key, built: key === undefined ? undefined : meta[key]?.built };
  });
  const undecided = decisions.filter(({ key }) => key === undefined).map(({ label }) => label);
  if (undecided.length > 0 && runsAll !== true) {
    const approvals = undecided.map((label) => [
      label.slice(0, label.indexOf('@', 1)),
      { built: true },
    ]);
    throw new Error(
      `package.json does not approve the install scripts of ${undecided.join(', ')}. Yarn skips such scripts, so the image would lack what they build.\nAdd "dependenciesMeta": ${JSON.stringify(Object.fromEntries(approvals))} to the package.json at the workspace root, or false for a script that is not needed.`,
    );
  }
  const kept = decisions.flatMap(({ key, built }) =>
    key === undefined || built === undefined ? [] : [[key, { built }] as const],
  );
  return kept.length > 0
    ? Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)))
    : undefined;
}
