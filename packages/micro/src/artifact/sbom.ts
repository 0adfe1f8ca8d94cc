// From the library's root, each process that builds would also load its validator: 158 modules more.
import * as License from '@cyclonedx/cyclonedx-library/Contrib/License';
import * as Enums from '@cyclonedx/cyclonedx-library/Enums';
import * as Models from '@cyclonedx/cyclonedx-library/Models';
import * as Serialize from '@cyclonedx/cyclonedx-library/Serialize';
import * as Spec from '@cyclonedx/cyclonedx-library/Spec';
import { PackageURL } from 'packageurl-js';
import parseSpdxExpression from 'spdx-expression-parse';
import { packageLabel } from './installed-package';

/** A package whose code is in an image. */
export interface SbomPackage {
  name: string;
  version: string | undefined;
  /** As declared: an SPDX expression if it is one. */
  license: string | undefined;
  isIn: 'bundle' | 'node_modules';
  isOptional: boolean;
}

export interface SbomContent {
  /** Name of the service. */
  service: string;
  packages: readonly SbomPackage[];
  /** Label of a package in the bundle -> labels of what it imports. The service's own imports are under its name. */
  imports: ReadonlyMap<string, readonly string[]>;
}

/** Names the place of a package in the image. */
const LOCATION = 'micro:location';

const LOCATIONS: Readonly<Record<SbomPackage['isIn'], string>> = {
  bundle: 'app/main.js',
  node_modules: 'app/node_modules',
};

/**
 * The bill of materials of a service's image, as CycloneDX 1.6. It has no serial number and no time, and its order does
 * not depend on the locale, so equal content is equal text.
 */
export function formatSbom({ service, packages, imports }: SbomContent): string {
  const main = new Models.Component(Enums.ComponentType.Application, service, { bomRef: service });
  const components = new Map<string, Models.Component>();
  for (const one of [...packages].sort(byLabel)) {
    const label = packageLabel(one);
    const known = components.get(label);
    const component = known ?? toComponent(one);
    if (known && !one.isOptional) known.scope = Enums.ComponentScope.Required;
    component.properties.add(new Models.Property(LOCATION, LOCATIONS[one.isIn]));
    components.set(label, component);
  }
  for (const [label, needs] of imports) {
    const component = label === service ? main : components.get(label);
    for (const need of [...needs].sort()) {
      const needed = components.get(need);
      if (needed) component?.dependencies.add(needed.bomRef);
    }
  }
  const bom = new Models.Bom({
    metadata: new Models.Metadata({
      component: main,
      tools: new Models.Tools({
        components: new Models.ComponentRepository([
          new Models.Component(Enums.ComponentType.Application, 'micro', { group: '@org' }),
        ]),
      }),
    }),
    components: new Models.ComponentRepository(components.values()),
  });
  const normalized = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6)
    .makeForBom()
    .normalize(bom, {});
  // What installed packages need is not known here, and an entry without needs would claim that there are none.
  const { dependencies = [], ...rest } = normalized;
  const known = dependencies.filter(({ ref }) => ref === service || imports.has(ref));
  return `${JSON.stringify({ ...rest, dependencies: known }, null, 2)}\n`;
}

function toComponent({ name, version, license, isOptional }: SbomPackage): Models.Component {
  const [group, own] = name.startsWith('@') ? splitScope(name) : [undefined, name];
  const purl = new PackageURL('npm', group, own, version, undefined, undefined).toString();
  return new Models.Component(Enums.ComponentType.Library, own, {
    // Names of old packages differ by case alone (JSONStream, jsonstream), and a purl may have them in lower case.
    bomRef: packageLabel({ name, version }),
    group,
    version,
    purl,
    licenses: new Models.LicenseRepository(license === undefined ? [] : [toLicense(license)]),
    scope: isOptional ? Enums.ComponentScope.Optional : Enums.ComponentScope.Required,
  });
}

function splitScope(name: string): [group: string, own: string] {
  const slash = name.indexOf('/');
  return [name.slice(0, slash), name.slice(slash + 1)];
}

/** Not every package declares an SPDX expression: `SEE LICENSE IN LICENSE.md`. */
function toLicense(declared: string): Models.License {
  const license = new License.Factories.LicenseFactory(parseSpdxExpression).makeFromString(
    declared,
  );
  license.acknowledgement = Enums.LicenseAcknowledgement.Declared;
  return license;
}

function byLabel(a: SbomPackage, b: SbomPackage): number {
  const [one, other] = [a, b].map((of) => `${packageLabel(of)} ${of.isIn}`) as [string, string];
  return one < other ? -1 : one > other ? 1 : 0;
}
