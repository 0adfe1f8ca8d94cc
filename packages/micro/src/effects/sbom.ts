import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundledPackages, OWN_CODE } from '../artifact/bundled-packages';
import { declaredLicense, packageLabel, type PackageIdentity } from '../artifact/installed-package';
import { lockedPackages } from '../artifact/locked-packages';
import { formatSbom, type SbomPackage } from '../artifact/sbom';
import type { Artifact } from './bundle-artifact';
import { writeWhole } from './files';
import { installedClosure } from './installed-closure';

/**
 * Writes the bill of materials of an artifact: the packages in its bundle, and those that the image installs. The file
 * is not part of the artifact, so it changes neither the image nor its key.
 *
 * @param file relative to the workspace root.
 */
export async function writeSbom(
  workspaceRoot: string,
  file: string,
  service: string,
  { metafile, externals, installFiles }: Artifact,
): Promise<void> {
  const bundled = bundledPackages(metafile);
  const identities = new Map(
    [...bundled.keys()]
      .filter((folder) => folder !== OWN_CODE)
      .map((folder) => [folder, readIdentity(join(workspaceRoot, folder), folder)]),
  );
  const roots = new Map(
    [...externals].map(([name, { path }]) => [name, join(workspaceRoot, path)]),
  );
  const installed = [...installedClosure(workspaceRoot, [...roots.values()])].map(
    ({ manifest }) => manifest,
  );
  const labelOf = (folder: string) =>
    folder === OWN_CODE ? service : packageLabel(identities.get(folder)!);
  const imports = new Map<string, string[]>();
  for (const [folder, { bundled: packages, external }] of bundled) {
    const needs = [
      ...[...packages].filter((need) => need !== OWN_CODE).map(labelOf),
      ...[...external].flatMap((name) => {
        const path = roots.get(name);
        return path === undefined ? [] : [packageLabel(readIdentity(path, name))];
      }),
    ];
    // A package may be in the bundle twice, from two folders.
    imports.set(labelOf(folder), [...(imports.get(labelOf(folder)) ?? []), ...needs]);
  }
  const text = formatSbom({
    service,
    packages: [
      ...[...identities.values()].map((identity): SbomPackage => ({
        name: identity.name,
        version: identity.version,
        license: declaredLicense(identity),
        isIn: 'bundle',
        isOptional: false,
      })),
      ...lockedPackages(installFiles).map(({ name, version, license, isOptional }): SbomPackage => {
        const there = installed.find(
          (one) => one.name === name && (version === undefined || one.version === version),
        );
        return {
          name,
          version: version ?? there?.version,
          license: license ?? (there && declaredLicense(there)),
          isIn: 'node_modules',
          isOptional,
        };
      }),
    ],
    imports,
  });
  await writeWhole(join(workspaceRoot, file), text);
}

/** A package.json without a name is found in folders of the workspace that are linked as packages. */
function readIdentity(directory: string, name: string): PackageIdentity {
  const file = join(directory, 'package.json');
  const manifest = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<PackageIdentity>)
    : {};
  return { ...manifest, name: manifest.name ?? name };
}
