import { spawn, type ChildProcess } from 'node:child_process';
import { Duplex } from 'node:stream';
import { docker, type EngineAddress } from '../docker/command';
import { childGone } from './child-gone';

/**
 * A connection to an engine through `docker system dial-stdio`, which knows contexts, ssh and TLS as every docker command
 * does. While it is idle, it does not keep this process alive.
 */
export class EngineLine extends Duplex {
  private readonly child: ChildProcess;
  private words = '';
  /** How the client ended, if it has. */
  private ended: { signal: NodeJS.Signals | null; code: number | null } | undefined;

  constructor(address: EngineAddress, cwd: string) {
    super({ allowHalfOpen: false });
    const { file, args } = docker(['system', 'dial-stdio'], address);
    // In a process group of its own: undoing goes on after a terminal's Ctrl-C.
    this.child = spawn(file, args, { cwd, stdio: 'pipe', detached: true, windowsHide: true });
    const { stdin, stdout, stderr } = this.child;
    stderr!.setEncoding('utf8').on('data', (text: string) => (this.words += text));
    stdout!.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stdout!.pause();
    });
    stdin!.on('error', () => undefined);
    this.child.on('error', (error) => this.destroy(error));
    this.child.on('close', (code, signal) => {
      this.ended = { code, signal };
      this.destroy(new Error(this.words.trim() || 'the connection to the engine was closed'));
    });
  }

  /** Ends the client, and resolves when its process is gone. */
  async close(): Promise<void> {
    this.destroy();
    await childGone(this.child);
  }

  /** Whether a signal that was meant for this whole process ended the client. */
  get wasStopped(): boolean {
    const { signal, code } = this.ended ?? {};
    return (
      [129, 130, 143].includes(code ?? 0) || ['SIGINT', 'SIGTERM', 'SIGHUP'].includes(signal ?? '')
    );
  }

  override _read(): void {
    this.child.stdout!.resume();
  }

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    this.child.stdin!.write(chunk, () => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // Whatever stands between this process and the client ends with its input.
    this.child.stdin!.destroy();
    this.child.kill();
    done(error);
  }

  ref(): this {
    this.child.ref();
    for (const pipe of this.pipes()) pipe.ref();
    return this;
  }

  unref(): this {
    this.child.unref();
    for (const pipe of this.pipes()) pipe.unref();
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  private pipes() {
    // Pipes of a child process are sockets, which their type does not say.
    const { stdin, stdout, stderr } = this.child;
    return [stdin, stdout, stderr] as unknown as { ref: () => void; unref: () => void }[];
  }
}
