import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';

/** A source of packages for apt: one line of a `.list` file or one stanza of a `.sources` file. */
export interface AptSource {
  uris: string[];
  suites: string[];
  components: string[];
  /** As in the file: the path of a keyring, or a whole key over several lines. */
  signedBy?: string;
  trusted?: boolean;
}

/** All enabled binary sources of this machine. */
export function readAptSources(directory = '/etc/apt'): AptSource[] {
  const parts = join(directory, 'sources.list.d');
  const files = [
    join(directory, 'sources.list'),
    ...(existsSync(parts) ? readdirSync(parts).map((name) => join(parts, name)) : []),
  ];
  return files.filter(existsSync).flatMap((file) => {
    if (file.endsWith('.list')) return parseSourceLines(readFileSync(file, 'utf8'));
    if (file.endsWith('.sources')) return parseSourceStanzas(readFileSync(file, 'utf8'));
    return [];
  });
}

/** The one-line format: `deb [signed-by=...] URI suite component...`. */
export function parseSourceLines(text: string): AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)([^#]*)/.exec(line);
    if (!match) return [];
    const [, options = '', uri = '', suite = '', components = ''] = match;
    const option = (name: string) =>
      words(options)
        .find((entry) => entry.toLowerCase().startsWith(`${name}=`))
        ?.slice(name.length + 1);
    return [source([uri], [suite], words(components), option('signed-by'), option('trusted'))];
  });
}

/** The deb822 format: stanzas of `Field: value`, continued by indented lines. */
export function parseSourceStanzas(text: string): AptSource[] {
  const withoutComments = text.replace(/^#.*\n?/gm, '');
  return withoutComments.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = new Map<string, string>();
    for (const [, name = '', value = ''] of stanza.matchAll(
      /^([A-Za-z-]+):[ \t]*(.*(?:\n[ \t]+.*)*)$/gm,
    )) {
      fields.set(name.toLowerCase(), value);
    }
    const field = (name: string) => words(fields.get(name) ?? '');
    if (!field('types').includes('deb') || field('enabled')[0] === 'no') return [];
    return [
      source(
        field('uris'),
        field('suites'),
        field('components'),
        fields.get('signed-by'),
        fields.get('trusted'),
      ),
    ];
  });
}

/** The source of a release's own packages, not of its updates or security fixes. */
export function findReleaseSource(sources: AptSource[], codename: string): AptSource | undefined {
  return [codename, 'stable', 'oldstable']
    .map((suite) =>
      sources.find(
        ({ suites, components }) => suites.includes(suite) && components.includes('main'),
      ),
    )
    .find(Boolean);
}

/** A `.sources` file for another suite from the same mirror, verified by the same keys. */
export function formatSource(like: AptSource, suite: string): string {
  return [
    'Types: deb',
    `URIs: ${like.uris.join(' ')}`,
    `Suites: ${suite}`,
    'Components: main',
    ...(like.signedBy ? [`Signed-By: ${like.signedBy}`] : []),
    ...(like.trusted ? ['Trusted: yes'] : []),
    '',
  ].join('\n');
}

function source(
  uris: string[],
  suites: string[],
  components: string[],
  signedBy?: string,
  trusted?: string,
): AptSource {
  return {
    uris,
    suites,
    components,
    ...(signedBy ? { signedBy } : {}),
    ...(trusted?.trim() === 'yes' ? { trusted: true } : {}),
  };
}

function words(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}
