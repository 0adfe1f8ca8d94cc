import { statfs } from 'node:fs/promises';
import { connect, createServer } from 'node:net';

/** Free bytes on the disk of a folder; `undefined` if the folder does not exist on this machine. */
export async function freeSpace(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    if (['ENOENT', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return undefined;
    throw error;
  }
}

/** Whether this machine can listen on a port now. */
export function isPortFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', ({ code }: NodeJS.ErrnoException) => {
      // Ports below 1024 need root on most machines. Whether something listens on them can be tested by connecting.
      if (code === 'EACCES') void isAnswered(host, port).then((answered) => resolve(!answered));
      else resolve(false);
    });
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

function isAnswered(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: host === '0.0.0.0' ? '127.0.0.1' : host, port, timeout: 2000 });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
