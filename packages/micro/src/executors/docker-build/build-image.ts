import { withTemporaryFolder } from '../../effects/files';
import type { ServiceTask } from '../service-task';
import { finishImage } from './finish-image';
import type { DockerBuildOptions } from './options';
import { prepareImage } from './prepare-image';
import { provideImage } from './provide-image';

/**
 * Finds, fetches or builds the image of a service, and leaves the receipt.
 * @throws {UserError} if anything is wrong; then no receipt claims an image that is not there.
 */
export async function buildImage(task: ServiceTask, raw: DockerBuildOptions): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const image = await prepareImage(task, raw, folder);
    await provideImage(image);
    await finishImage(image);
  });
}
