import type { Tree } from '@nx/devkit';

/** Stands in until generators/sync is there. */
export async function syncWorkspace(tree: Tree): Promise<void> {
  const { getProjects } = await import('@nx/devkit');
  for (const { root } of getProjects(tree).values()) {
    if (!tree.exists(`${root}/service.yml`)) continue;
    tree.write(
      `${root}/src/links.ts`,
      `import { z } from 'zod';\n\nexport const links = {};\n`.replace(
        "import { z } from 'zod';\n\n",
        '',
      ),
    );
    tree.write(`${root}/.serve.env`, `PORT=3001\n`);
  }
}
