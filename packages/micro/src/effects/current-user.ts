import { hostname, userInfo } from 'node:os';

/** `ada@laptop`: who runs this process, and where. */
export function readCurrentUser(): string {
  return `${userName()}@${hostname()}`;
}

/** The user of a process in a container may not be in its /etc/passwd. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'somebody');
  }
}

/** The same for all tasks of one Nx command. Nx 22 has no such id itself. */
export function readRunId(): string {
  return `${hostname()}:${process.env['NX_INVOCATION_ROOT_PID'] ?? process.ppid}`;
}
