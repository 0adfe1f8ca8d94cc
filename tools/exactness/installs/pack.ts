import { gzipSync } from 'node:zlib';

export interface MadeFile {
  path: string;
  text: string;
}

const BLOCK = 512;

/** A packed package like that of `npm pack`: a POSIX tar archive, with only the fields that are read. */
export function pack(files: readonly MadeFile[]): Buffer {
  const blocks = files.flatMap(({ path, text }) => {
    const content = Buffer.from(text);
    const header = Buffer.alloc(BLOCK);
    const write = (at: number, value: string) => header.write(value, at, 'latin1');
    write(0, path);
    write(100, '0000644\0');
    write(108, '0000000\0');
    write(116, '0000000\0');
    write(124, `${content.length.toString(8).padStart(11, '0')}\0`);
    write(136, '00000000000\0');
    write(148, ' '.repeat(8));
    write(156, '0');
    write(257, 'ustar\0' + '00');
    const sum = header.reduce((total, byte) => total + byte, 0);
    write(148, `${sum.toString(8).padStart(6, '0')}\0 `);
    return [header, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]));
}
