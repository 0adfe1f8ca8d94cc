import { visible } from '../platform/visible';
import { UserError } from '../platform/user-error';
import type { EngineAddress, Outcome } from './command';
import { parseBuildComplaint, parseComplaint, type Complaint } from './error-patterns';

/** The engine or a registry said no, or nothing; `output` has its last words. */
export class EngineError extends UserError {
  override readonly name = 'EngineError';

  constructor(
    readonly kind: 'no-engine' | 'no-registry' | 'denied' | 'failed',
    message: string,
    readonly output: string = '',
    /** How the command ended, if its own words are all that can be said. */
    readonly exitCode?: number,
  ) {
    super(message);
  }
}

/** What went wrong, in words that say what to do. */
export function toEngineError(what: string, ended: Outcome, address: EngineAddress): EngineError {
  const output = lastLines(ended.stderr || ended.stdout, 30);
  return toError(what, ended, output, parseComplaint(output), address);
}

/** What went wrong in a build of a Dockerfile, with the line. */
export function toBuildError(dockerfile: string, ended: Outcome): EngineError {
  // The output of a step is printed again at the end if the step failed.
  const told = (ended.stderr || ended.stdout).replace(/^#\d+ .*\n?|^\s*\n/gm, '');
  const output = lastLines(told, 60);
  const { complaint, line } = parseBuildComplaint(output);
  const what = `${dockerfile}${line === undefined ? '' : `:${line}`} could not be built`;
  return toError(what, ended, output, complaint, {});
}

export function lastLines(text: string, count: number): string {
  return visible(text.trimEnd()).split('\n').slice(-count).join('\n');
}

function toError(
  what: string,
  ended: Outcome,
  output: string,
  complaint: Complaint,
  address: EngineAddress,
): EngineError {
  const message = adviceOn(complaint, address);
  if (message === undefined) return failed(what, ended, output);
  const { kind } = complaint;
  const isTold = kind === 'no-engine' || kind === 'no-registry' || kind === 'denied';
  return new EngineError(isTold ? kind : 'failed', `${what}: ${message}`, output);
}

/** `undefined` if the tool's own words are all that can be said. */
function adviceOn(complaint: Complaint, address: EngineAddress): string | undefined {
  switch (complaint.kind) {
    case 'no-engine':
      return `no Docker Engine answers on ${nameOf(address)} (${complaint.reason}). ${TO_DO[complaint.cause]}, then run this again`;
    case 'port-taken':
      return `${complaint.address} of the host is taken. Free it ("docker ps" shows which container has it), or ${PUBLISH}`;
    case 'port-refused':
      return `the host cannot listen on ${complaint.address} (${complaint.reason}). Correct the address, or ${PUBLISH}`;
    case 'disk-full':
      return `the disk of the engine is full (${complaint.reason}). Free some space there, for example with "docker image prune --all". It removes images without a container; a rollback to one can only pull it again from a registry. Then run this again`;
    case 'no-platform':
      return `the image does not exist for ${complaint.platform ?? 'the platform that is asked for'} (${complaint.reason}). Build it for that platform with "platforms" of docker-build, or use an image that has it`;
    case 'denied':
      return `the registry refused (${complaint.reason}). Log in with "docker login" and check the rights`;
    case 'plain-http':
      return `the registry speaks plain HTTP (${complaint.reason}). Give it a certificate, or list it under "insecure-registries" in the engine's daemon.json (Podman: with "insecure = true" in registries.conf, then restart its service)`;
    case 'no-registry':
      return `the registry did not answer properly (${complaint.reason})`;
    case 'other':
      return undefined;
  }
}

const TO_DO = {
  silent: 'Start it, or correct its address',
  ssh: 'Make sure that ssh connects, and finds docker there',
  rights: 'Add your user to the group that may use its socket, usually "docker"',
};

const PUBLISH =
  'publish another port: "publish" of a service in environments/<name>.yml, "ports" of anything else in environments/<name>.compose.yaml';

function nameOf(address: EngineAddress): string {
  return address.context
    ? `the docker context "${address.context}"`
    : (address.host ?? process.env['DOCKER_HOST'] ?? 'this machine');
}

function failed(what: string, { exitCode }: Outcome, output: string): EngineError {
  const words = output.trim() === '' ? ' and wrote nothing' : `:\n${indent(output)}`;
  return new EngineError('failed', `${what} (exit code ${exitCode})${words}`, output, exitCode);
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
