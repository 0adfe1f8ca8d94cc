import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pack, type MadeFile } from './pack.js';
import type { MadePackage, Universe } from './universe.js';

export interface MadeRegistry {
  /** `http://127.0.0.1:4873/` */
  url: string;
  stop: () => Promise<void>;
}

/** An npm registry with generated packages, on a free port of 127.0.0.1 and in memory only. */
export async function startMadeRegistry(universe: Universe): Promise<MadeRegistry> {
  const tarballs = new Map(universe.map((made) => [tarballName(made), pack(filesOf(made))]));
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '/').slice(1);
    const tarball = tarballs.get(path.split('/-/')[1] ?? '');
    if (tarball) {
      response.end(tarball);
      return;
    }
    const versions = universe.filter(({ name }) => name === path);
    response.setHeader('content-type', 'application/json');
    if (versions.length === 0) response.statusCode = 404;
    response.end(JSON.stringify(document(versions)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const document = (versions: Universe) => ({
    name: versions[0]?.name,
    'dist-tags': { latest: versions.at(-1)?.version },
    // Years old, so that no policy about the age of packages refuses them.
    time: Object.fromEntries(versions.map(({ version }) => [version, '2020-01-01T00:00:00.000Z'])),
    versions: Object.fromEntries(
      versions.map((made) => {
        const tarball = tarballs.get(tarballName(made))!;
        const sum = createHash('sha512').update(tarball).digest('base64');
        const shasum = createHash('sha1').update(tarball).digest('hex');
        const dist = {
          tarball: `${url}${made.name}/-/${tarballName(made)}`,
          integrity: `sha512-${sum}`,
          shasum,
        };
        return [made.version, { ...made, dist }];
      }),
    ),
  });
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export function filesOf(made: MadePackage): MadeFile[] {
  return [
    { path: 'package/package.json', text: JSON.stringify(made) },
    { path: 'package/index.js', text: `module.exports = '${made.name}@${made.version}';\n` },
  ];
}

function tarballName({ name, version }: MadePackage): string {
  return `${name.replace(/^@.*\//, '')}-${version}.tgz`;
}
