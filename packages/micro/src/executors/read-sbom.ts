import { fileReader } from '../effects/files';
import { sbomFile } from '../image/receipt';
import { UserError } from '../platform/user-error';
import type { ServiceTask } from './service-task';

/** The SBOM that the build wrote, or nothing: a build target of the user's own need not write one. */
export function readSbom({ workspaceRoot, service }: ServiceTask): string | undefined {
  return fileReader(workspaceRoot)(sbomFile(service.root));
}

/** @throws {UserError} if the build wrote no SBOM. */
export function requireSbom(task: ServiceTask): string {
  const text = readSbom(task);
  if (text !== undefined) return text;
  const { root } = task.service;
  throw new UserError(
    `${sbomFile(root)} is not there: the target that uses @org/micro:build writes it. If it is a target of your own, add "{workspaceRoot}/dist/sboms/${root}" to its outputs, and run it again with --skip-nx-cache`,
  );
}
