/** A file of an archive. */
export interface TarFile {
  /** 100 bytes at most. */
  path: string;
  mode: number;
  content: Buffer;
  /** Number of the user and the group that it belongs to; root unless given. */
  owner?: number;
}

const BLOCK = 512;

/**
 * A tar archive as POSIX.1-1988 describes it (ustar), in memory: what stands in it need not touch a
 * disk on its way to a container. A path that ends with `/` is a folder. Nothing has a time, so equal files give equal bytes.
 */
export function tarOf(files: readonly TarFile[]): Buffer {
  const parts = files.flatMap(({ path, mode, content, owner = 0 }) => [
    header(path, mode, content.length, owner),
    content,
    Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

/** The content of the only file of an archive, as text; `undefined` if the archive is different. */
export function onlyFileOf(tar: string): string | undefined {
  const size = Number.parseInt(tar.slice(124, 135), 8);
  return Number.isNaN(size) ? undefined : tar.slice(BLOCK, BLOCK + size);
}

function header(path: string, mode: number, size: number, owner: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const field = (at: number, value: number, digits: number) =>
    block.write(`${value.toString(8).padStart(digits, '0')}\0`, at, 'latin1');
  block.write(path, 0, 100, 'utf8');
  field(100, mode, 7);
  field(108, owner, 7);
  field(116, owner, 7);
  field(124, size, 11);
  field(136, 0, 11);
  block.write(`        ${path.endsWith('/') ? 5 : 0}`, 148, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
