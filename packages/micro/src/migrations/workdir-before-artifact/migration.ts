import { getProjects, logger, type Tree } from '@nx/devkit';
import { posix } from 'node:path';

const ARTIFACT = 'COPY --link --from=artifact /*/ /\n';
const WORKDIR = 'WORKDIR /app\n';

/** The end of generated Dockerfiles until 0.2, from the copy that makes /app. */
const FORMER = `COPY --link --from=prod-deps /out /\n${ARTIFACT}${WORKDIR}`;

/** The same as the generator's templates have it. */
const ORDERED = `COPY --link --from=prod-deps /out /\n${WORKDIR}${ARTIFACT}`;

/**
 * Moves `WORKDIR /app` of each generated Dockerfile in front of the layer that changes. WORKDIR makes a layer, an empty one
 * too: behind that layer it is made again by every build. A Dockerfile with other lines there stays as it is.
 */
export function workdirBeforeArtifact(tree: Tree): void {
  for (const { root } of getProjects(tree).values()) {
    const path = posix.join(root, 'Dockerfile');
    const text = tree.exists(path) ? tree.read(path, 'utf8')! : '';
    if (!text.includes(FORMER)) continue;
    tree.write(path, text.replaceAll(FORMER, ORDERED));
    logger.info(`${path}: WORKDIR is before the copy of the artifact, which makes builds quicker`);
  }
}
