import '../compile-cache';
import type { ExecutorContext } from '@nx/devkit';
import { formatStep } from '../../terminal/step';
import { runServiceTask } from '../service-task';
import { writeSupergraph } from '../../effects/compose-on-disk';

/** Composes the schema of a gateway from those of its subgraphs. */
export default function graphqlComposeExecutor(
  _options: Record<string, never>,
  context: ExecutorContext,
) {
  return runServiceTask(context, ({ workspaceRoot, service, say }) => {
    const subgraphs = writeSupergraph(workspaceRoot, service.root);
    say(formatStep(service.name, 'composed', subgraphs.join(', ')));
    return Promise.resolve();
  });
}
