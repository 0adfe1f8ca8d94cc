import type { Random } from '../random.js';

/** A generated package, with the fields of its package.json. */
export interface MadePackage {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional: boolean }>;
  os?: string[];
  cpu?: string[];
}

/** All packages of a registry. Each depends only on packages with a higher number, so that there is no circle. */
export type Universe = readonly MadePackage[];

const PACKAGES = 24;
const VERSIONS = ['1.0.0', '1.1.0', '2.0.0'];
const RANGES = ['^1.0.0', '~1.0.0', '1.1.0', '^2.0.0', '>=1.0.0', '*'];

/** These have one package per operating system, like esbuild and sharp. */
const NATIVE = 20;

export function nameOf(number: number): string {
  return number % 3 === 0 ? `@made/p${number}` : `p${number}`;
}

/** The same seed gives the same packages. */
export function drawUniverse(random: Random): Universe {
  return Array.from({ length: PACKAGES }, (_, number) => number).flatMap((number) =>
    VERSIONS.flatMap((version) => draw(number, version, random)),
  );
}

function draw(number: number, version: string, random: Random): MadePackage[] {
  const made: MadePackage = { name: nameOf(number), version };
  const left = Array.from({ length: PACKAGES - number - 1 }, (_, at) => number + 1 + at);
  const draws = left.length > 0 ? random.below(4) : 0;
  for (let done = 0; done < draws; done++) {
    const needed = nameOf(random.pick(left));
    const range = random.pick(RANGES);
    const kind = random.below(10);
    if (kind < 7) made.dependencies = { ...made.dependencies, [needed]: range };
    else if (kind < 8)
      made.optionalDependencies = { ...made.optionalDependencies, [needed]: range };
    else made.peerDependencies = { ...made.peerDependencies, [needed]: '*' };
  }
  for (const name of Object.keys(made.peerDependencies ?? {})) {
    if (
      made.dependencies?.[name] !== undefined ||
      made.optionalDependencies?.[name] !== undefined
    ) {
      delete made.peerDependencies![name];
    } else {
      made.peerDependenciesMeta = { ...made.peerDependenciesMeta, [name]: { optional: true } };
    }
  }
  if (number < NATIVE) return [made];
  const systems = [
    ['linux', 'x64'],
    ['linux', 'arm64'],
    ['darwin', 'arm64'],
  ] as const;
  const platforms = systems.map(([os, cpu]) => ({
    name: `@made/p${number}-${os}-${cpu}`,
    version,
    os: [os],
    cpu: [cpu],
  }));
  return [
    {
      ...made,
      optionalDependencies: {
        ...made.optionalDependencies,
        ...Object.fromEntries(platforms.map(({ name }) => [name, version])),
      },
    },
    ...platforms,
  ];
}
