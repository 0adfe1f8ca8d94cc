import { Copy, DockerfileParser } from 'dockerfile-ast';

const MANIFEST = '/*/app/package.json';
const SETTINGS = '/*/app/.npmrc*';

/** Files of an artifact that an installation reads beside package.json and lockfile, by what the lockfile is called. */
const READ_BESIDE: readonly (readonly [lockfile: string, files: readonly string[]])[] = [
  ['/*/app/package-lock.json*', [SETTINGS]],
  ['/*/app/pnpm-*.yaml', [SETTINGS, '/*/app/*.tgz', '/*/app/*.patch']],
];

/**
 * Makes the stage that installs external packages copy all files that the installation reads: registry settings, packed
 * packages and patches. A Dockerfile that copies files differently is not changed.
 */
export function copyInstallFiles(text: string): string {
  const copies = DockerfileParser.parse(text)
    .getInstructions()
    .filter((instruction): instruction is Copy => instruction instanceof Copy);
  const lines = text.split('\n');
  for (const copy of copies) {
    const missing = missingFiles(copy);
    const destination = copy.getArguments().at(-1)?.getRange().start;
    if (missing.length === 0 || !destination) continue;
    const line = lines[destination.line]!;
    lines[destination.line] =
      line.slice(0, destination.character) +
      missing.map((file) => `${file} `).join('') +
      line.slice(destination.character);
  }
  return lines.join('\n');
}

function missingFiles(copy: Copy): string[] {
  const given = copy.getArguments().map((argument) => argument.getValue());
  const from = copy.getFlags().find((flag) => flag.getName() === 'from');
  if (from?.getValue() !== 'artifact' || !given.includes(MANIFEST)) return [];
  return READ_BESIDE.flatMap(([lockfile, files]) =>
    given.includes(lockfile) ? files.filter((file) => !given.includes(file)) : [],
  );
}
