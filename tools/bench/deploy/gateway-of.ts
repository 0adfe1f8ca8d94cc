import { mustRun } from '../../command.js';

/** The published address of the gateway of a Compose project. */
export async function gatewayOf(project: string): Promise<string> {
  const labels = [`project=${project}`, 'service=gateway'];
  const filters = labels.flatMap((label) => ['--filter', `label=com.docker.compose.${label}`]);
  const id = (await mustRun('docker', ['ps', '--quiet', ...filters])).trim();
  const port = (await mustRun('docker', ['port', id])).trim().split(' ').at(-1)!;
  return `http://${port}`;
}
