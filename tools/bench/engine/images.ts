import { SERVICE_NAMES, type ServiceName } from '../application/services.js';
import type { Site } from '../site.js';
import { run } from '../../command.js';

export interface ImageState {
  id: string;
  /** When the engine last gave the image this name. Every build does that, even if the content is equal. */
  taggedAt: string;
  bytes: number;
  user: string;
  hasHealthcheck: boolean;
}

export type ImageStates = Partial<Record<ServiceName, ImageState>>;

interface Inspected {
  Id: string;
  RepoTags: string[];
  Size: number;
  Config?: { User?: string; Healthcheck?: unknown };
  Metadata: { LastTagTime: string };
}

/** The images of a site on the engine, by service. */
export async function readImages({ image }: Pick<Site, 'image'>): Promise<ImageStates> {
  const inspected = await inspect(SERVICE_NAMES.map(image));
  const states: ImageStates = {};
  for (const service of SERVICE_NAMES) {
    const found = inspected.find(({ RepoTags }) => RepoTags.includes(image(service)));
    if (found) states[service] = toState(found);
  }
  return states;
}

/** @throws if it does not exist on the engine. */
export async function readImage(reference: string): Promise<ImageState> {
  const [found] = await inspect([reference]);
  if (!found) throw new Error(`the engine has no image ${reference}`);
  return toState(found);
}

export interface Effects {
  /** Services whose image was named again, so their build ran to its end. */
  built: number;
  /** Services whose image changed. */
  changed: number;
}

export function compareImages(before: ImageStates, after: ImageStates): Effects {
  const count = (differs: (service: ServiceName) => boolean) =>
    SERVICE_NAMES.filter(differs).length;
  return {
    built: count((name) => before[name]?.taggedAt !== after[name]?.taggedAt),
    changed: count((name) => before[name]?.id !== after[name]?.id),
  };
}

/** Removes images. If one does not exist or is in use, that is not an error. */
export async function removeImages(references: readonly string[]): Promise<void> {
  if (references.length > 0) await run('docker', ['image', 'rm', '--force', ...references]);
}

/** Docker prints those that exist, and fails if one does not. */
async function inspect(references: readonly string[]): Promise<Inspected[]> {
  const { stdout } = await run('docker', ['image', 'inspect', ...references]);
  return JSON.parse(stdout || '[]') as Inspected[];
}

function toState({ Id, Size, Config, Metadata }: Inspected): ImageState {
  return {
    id: Id,
    taggedAt: Metadata.LastTagTime,
    bytes: Size,
    user: Config?.User ?? '',
    hasHealthcheck: Boolean(Config?.Healthcheck),
  };
}
