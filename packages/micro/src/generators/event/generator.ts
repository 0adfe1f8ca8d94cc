import { formatFiles, logger, type GeneratorCallback, type Tree } from '@nx/devkit';
import { installPackages } from '../../effects/package-install';
import { contractFile } from '../../platform/contracts-library';
import { syncWorkspace } from '../sync/sync-workspace';
import { addEvent, howToPublish } from './add-event';
import { normalizeEventOptions, type EventSchema } from './options';

/** Adds an event: its contract, who publishes and who handles it, and all that sync derives. */
export async function eventGenerator(tree: Tree, schema: EventSchema): Promise<GeneratorCallback> {
  const options = normalizeEventOptions(tree, schema);
  addEvent(tree, options);
  syncWorkspace(tree);
  if (!schema.skipFormat) await formatFiles(tree);
  if (options.keepsFields) {
    logger.warn(`${contractFile(options.event)} was kept as it is: edit it to change its fields.`);
  }
  if (options.keepsOrder) {
    logger.warn(
      `${contractFile(options.event)} was kept as it is: see docs/events.md, "Order", before you change its "orderBy".`,
    );
  }
  const left = howToPublish(options);
  if (left !== undefined) logger.info(left);
  return () => {
    if (!schema.skipInstall) installPackages(tree, true);
  };
}

export default eventGenerator;
