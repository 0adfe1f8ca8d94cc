const BLOCK = 512;

export interface TarEntry {
  path: string;
  /** `0` file, `1` hard link, `2` symbolic link, `5` directory. */
  type: string;
  mode: number;
  link: string;
  data: Buffer;
}

/** The entries of an archive as Docker writes it: ustar, with pax or GNU extensions for long names. */
export function* readTar(archive: Buffer): Generator<TarEntry> {
  let longPath: string | undefined;
  let longLink: string | undefined;
  for (let at = 0; at + BLOCK <= archive.length;) {
    const header = archive.subarray(at, at + BLOCK);
    if (header[0] === 0) return;
    if (text(header, 257, 5) !== 'ustar') throw new Error('this is no tar archive');
    const size = octal(header, 124, 12);
    const data = archive.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    const type = String.fromCharCode(header[156]!).replace('\0', '0');
    if (type === 'x') {
      const records = readPax(data);
      longPath = records.get('path') ?? longPath;
      longLink = records.get('linkpath') ?? longLink;
    } else if (type === 'L') longPath = text(data, 0, data.length);
    else if (type === 'K') longLink = text(data, 0, data.length);
    else if (type !== 'g') {
      const prefix = text(header, 345, 155);
      const name = text(header, 0, 100);
      yield {
        path: longPath ?? (prefix ? `${prefix}/${name}` : name),
        type,
        mode: octal(header, 100, 8),
        link: longLink ?? text(header, 157, 100),
        data,
      };
      longPath = longLink = undefined;
    }
  }
}

/**
 * `<length> <key>=<value>
 * `, repeated.
 */
function readPax(data: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < data.length;) {
    const length = Number.parseInt(data.toString('latin1', at, at + 20), 10);
    const record = data.toString('utf8', at, at + length - 1);
    const [key = '', value = ''] = record.slice(record.indexOf(' ') + 1).split(/=(.*)/s);
    records.set(key, value);
    at += length;
  }
  return records;
}

function text(buffer: Buffer, at: number, length: number): string {
  const field = buffer.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

function octal(buffer: Buffer, at: number, length: number): number {
  return Number.parseInt(text(buffer, at, length).trim() || '0', 8);
}
