import { hostname, userInfo } from 'node:os';

/** `ada@laptop`: who runs this process, and where. */
export function readCurrentUser(): string {
  return `${userName()}@${hostname()}`;
}

/** A user of a container may have no entry in its list of users. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'somebody');
  }
}

/** What all tasks of one Nx command have in common; Nx 22 does not say it itself. */
export function readRunId(): string {
  return `${hostname()}:${process.env['NX_INVOCATION_ROOT_PID'] ?? process.ppid}`;
}
