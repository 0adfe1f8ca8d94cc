import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { describe, expect, it } from 'vitest';
import { copyInstallFilesInDockerfiles } from './migration';

const FORMER = {
  npm: 'COPY --from=artifact /*/app/package.json /*/app/package-lock.json* /*/app/*.tgz ./',
  pnpm: 'COPY --from=artifact /*/app/package.json /*/app/pnpm-*.yaml ./',
};

function migrated(copy: string): string {
  const tree = createTreeWithEmptyWorkspace();
  tree.write('apps/orders/project.json', '{ "name": "orders", "root": "apps/orders" }');
  tree.write('apps/orders/service.yml', 'port: 3001\n');
  const dockerfile = (line: string) => `FROM base AS prod-deps\n# ours\n${line}\nRUN npm ci\n`;
  tree.write('apps/orders/Dockerfile', dockerfile(copy));
  copyInstallFilesInDockerfiles(tree);
  const text = tree.read('apps/orders/Dockerfile', 'utf8')!;
  const [, , line] = text.split('\n');
  expect(text).toBe(dockerfile(line!));
  return line!;
}

describe('a Dockerfile of an earlier version', () => {
  it('copies the files that an installation reads', () => {
    expect(migrated(FORMER.npm)).toBe(
      'COPY --from=artifact /*/app/package.json /*/app/package-lock.json* /*/app/*.tgz /*/app/.npmrc* ./',
    );
    expect(migrated(FORMER.pnpm)).toBe(
      'COPY --from=artifact /*/app/package.json /*/app/pnpm-*.yaml /*/app/.npmrc* /*/app/*.tgz /*/app/*.patch ./',
    );
  });

  it('changes nothing if it runs again, or if the Dockerfile copies files differently', () => {
    for (const copy of Object.values(FORMER)) {
      const once = migrated(copy);
      expect(migrated(once)).toBe(once);
    }
    const own = 'COPY --from=artifact / ./';
    expect(migrated(own)).toBe(own);
  });
});
