import { formatFiles, generateFiles, logger, OverwriteStrategy, type Tree } from '@nx/devkit';
import { join, posix } from 'node:path';
import { ComposeEdit } from '../../compose/compose-edit';
import { newObservabilityCompose } from '../../compose/observability';
import { DEVELOPMENT_COMPOSE_FILE, OBSERVABILITY_COMPOSE_FILE } from '../../compose/paths';
import {
  OBSERVABILITY_PARTS,
  OBSERVABILITY_PORTS,
  OBSERVABILITY_PROFILE,
  TRACES_ENDPOINT,
} from '../../platform/observability';
import type { Platform } from '../../platform/platform';
import { portsOf } from '../../platform/port';
import { UserError } from '../../platform/user-error';
import { syncWorkspace } from '../sync/sync-workspace';
import { readTreePlatform } from '../workspace-tree';

export interface ObservabilitySchema {
  skipFormat?: boolean;
}

/** Where Grafana is reached if a service has its port: between ours and those of outgoing connections. */
const OTHER_GRAFANA_PORT = 30_000;

/** Gives the platform Prometheus, Grafana and Jaeger, each file written once. */
export async function observabilityGenerator(
  tree: Tree,
  schema: ObservabilitySchema,
): Promise<void> {
  const platform = readTreePlatform(tree);
  requireFreeNames(platform);
  if (!tree.exists(OBSERVABILITY_COMPOSE_FILE)) {
    tree.write(OBSERVABILITY_COMPOSE_FILE, newObservabilityCompose());
  }
  generateFiles(
    tree,
    join(__dirname, 'files'),
    posix.dirname(OBSERVABILITY_COMPOSE_FILE),
    {},
    { overwriteStrategy: OverwriteStrategy.KeepExisting },
  );
  // First, because sync creates the file of `development`, if it can.
  syncWorkspace(tree);
  publishInDevelopment(tree, platform);
  if (!schema.skipFormat) await formatFiles(tree);
  logger.info(
    [
      `To turn it on, run "npx micro env" and add to .env:`,
      `  COMPOSE_PROFILES=${OBSERVABILITY_PROFILE}`,
      '  METRICS=on',
      `  OTEL_EXPORTER_OTLP_ENDPOINT=${TRACES_ENDPOINT}`,
    ].join('\n'),
  );
}

export default observabilityGenerator;

/** Services and these share one name space: that of the hosts in the network. */
function requireFreeNames({ services }: Platform): void {
  const taken = services.filter(({ name }) => OBSERVABILITY_PARTS.some((part) => part === name));
  if (taken.length === 0) return;
  throw new UserError(
    taken
      .map(({ name, root }) => `${root}: "${name}" is a name of observability: rename the service`)
      .join('\n'),
  );
}

/** Ports for a person's browser, on this machine and in development only. */
function publishInDevelopment(tree: Tree, { services }: Platform): void {
  const edit = new ComposeEdit(
    DEVELOPMENT_COMPOSE_FILE,
    tree.read(DEVELOPMENT_COMPOSE_FILE, 'utf8') ?? undefined,
  );
  const isTaken = (port: number) => services.some((service) => portsOf(service).includes(port));
  for (const part of OBSERVABILITY_PARTS) {
    const ports = OBSERVABILITY_PORTS[part].map((port) => {
      const published = part === 'grafana' && isTaken(port) ? OTHER_GRAFANA_PORT : port;
      return `127.0.0.1:${published}:${port}`;
    });
    edit.seedSorted(['services', part], { ports }, `${part} is missing`);
  }
  const { text, drift } = edit.toFile();
  if (drift.length > 0) tree.write(DEVELOPMENT_COMPOSE_FILE, text);
}
