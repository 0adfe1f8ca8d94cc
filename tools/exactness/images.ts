import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { readTar } from './tar.js';

/** The content of an image, whoever built it: every file with its mode, and how it is started. */
export interface ImageContent {
  /** Hash of `files` and `config`. */
  hash: string;
  /** Path -> type, mode and hash. */
  files: Record<string, string>;
  config: Record<string, unknown>;
}

interface ImageConfig {
  config: Record<string, unknown>;
}

const CONFIG = [
  'Cmd',
  'Entrypoint',
  'Env',
  'ExposedPorts',
  'Healthcheck',
  'StopSignal',
  'User',
  'Volumes',
  'WorkingDir',
];

/** The first bytes of every gzip stream (RFC 1952). */
const GZIP = 0x1f8b;

/** Runs docker and returns its stdout. @throws with docker's error output if it fails. */
export function docker(args: readonly string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn('docker', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) return resolve(Buffer.concat(out));
      reject(new Error(`docker ${args.join(' ')}\n${Buffer.concat(err).toString()}`));
    });
  });
}

/** Ids by reference. Images that do not exist are left out. */
export async function imageIds(references: readonly string[]): Promise<Map<string, string>> {
  const found = await Promise.all(
    references.map(async (reference) => {
      const [id = ''] = (await docker(['image', 'ls', '--no-trunc', '--quiet', reference]))
        .toString()
        .split('\n');
      return [reference, id] as const;
    }),
  );
  return new Map(found.filter(([, id]) => id !== ''));
}

/** Reads images from the engine with `docker save`. */
export async function readImages(
  references: readonly string[],
): Promise<Map<string, ImageContent>> {
  if (references.length === 0) return new Map();
  const archive = await docker(['save', ...references]);
  const entries = new Map([...readTar(archive)].map((entry) => [entry.path, entry.data]));
  const manifest = JSON.parse(entries.get('manifest.json')!.toString()) as {
    Config: string;
    Layers: string[];
    RepoTags: string[] | null;
  }[];
  const contents = manifest.flatMap(({ Config, Layers, RepoTags }) => {
    const { config } = JSON.parse(entries.get(Config)!.toString()) as ImageConfig;
    const content = toContent(
      Layers.map((layer) => unpacked(entries.get(layer)!)),
      config,
    );
    return (RepoTags ?? []).map((tag) => [tag, content] as const);
  });
  return new Map(contents);
}

/**
 * The containerd image store saves layers as they are pushed, that is compressed. The older store saves them
 * uncompressed.
 */
function unpacked(layer: Buffer): Buffer {
  return layer.readUInt16BE() === GZIP ? gunzipSync(layer) : layer;
}

function toContent(layers: readonly Buffer[], all: Record<string, unknown>): ImageContent {
  const files: Record<string, string> = {};
  for (const layer of layers) {
    for (const { path, type, mode, link, data } of readTar(layer)) {
      const name = path.replace(/^\.?\//, '').replace(/\/$/, '');
      if (name !== '') files[name] = `${type} ${mode.toString(8)} ${link} ${sha256(data)}`;
    }
  }
  const config = Object.fromEntries(CONFIG.flatMap((key) => (all[key] ? [[key, all[key]]] : [])));
  const sorted = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
  return { files, config, hash: sha256(JSON.stringify([sorted, config])) };
}

/** What differs, for messages. */
export function differences(before: ImageContent, after: ImageContent): string[] {
  const names = (a: Record<string, unknown>, b: Record<string, unknown>) =>
    Object.keys({ ...a, ...b }).filter(
      (name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]),
    );
  return [...names(before.files, after.files), ...names(before.config, after.config)].sort();
}

function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}
