import { UserError } from '../platform/user-error';

/** `linux/amd64`, `linux/arm64`, `linux/arm/v7`: what an image runs on, as BuildKit writes it. */
export type ImagePlatform = string;

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  i386: '386',
  armhf: 'arm',
  armel: 'arm',
};

/** What a variant is if none is named; naming it changes nothing. */
const DEFAULT_VARIANTS: Readonly<Record<string, string>> = { amd64: 'v1', arm64: 'v8', arm: 'v7' };

/** Operating systems that a platform may start with. A single word that is not one of them is an architecture. */
const SYSTEMS = ['linux', 'windows', 'darwin', 'freebsd', 'wasip1', 'wasi'];

/**
 * Gives equal platforms equal names: `arm64`, `linux/aarch64` and `linux/arm64/v8` are `linux/arm64`.
 * @throws {UserError} if `text` is no platform.
 */
export function parseImagePlatform(text: string): ImagePlatform {
  const parts = text.trim().toLowerCase().split('/');
  const [system, architecture, variant] = SYSTEMS.includes(parts[0]!) ? parts : ['linux', ...parts];
  const isName = (part: string) => /^[a-z0-9_.-]+$/.test(part);
  if (!architecture || parts.length > 3 || !parts.every(isName)) {
    throw new UserError(
      `"${text}" is not a platform: write for example linux/amd64 or linux/arm64`,
    );
  }
  return formatPlatform({ os: system!, architecture, variant });
}

/** The platform that a configuration of an image names, or that an engine runs on. */
export function formatPlatform(of: {
  os: string;
  architecture: string;
  variant?: string;
}): ImagePlatform {
  const known = ARCHITECTURES[of.architecture] ?? of.architecture;
  const variant = of.variant && of.variant !== DEFAULT_VARIANTS[known] ? of.variant : undefined;
  // A 32-bit ARM is always written with its variant.
  const shown = known === 'arm' ? (of.variant ?? DEFAULT_VARIANTS['arm']) : variant;
  return [of.os, known, ...(shown ? [shown] : [])].join('/');
}

/** Processors that also run the programs of an older one. */
const ALSO_RUNS: Readonly<Record<string, string>> = { amd64: '386', arm64: 'arm' };

/** Whether an engine runs an image without an emulator. */
export function runsOn(image: ImagePlatform, engine: ImagePlatform): boolean {
  const [system, architecture = ''] = image.split('/');
  const [ofEngine, own = ''] = engine.split('/');
  return system === ofEngine && [own, ALSO_RUNS[own]].includes(architecture);
}

/** Where a platform can come from, the strongest first. */
export interface PlatformSources {
  /** `platforms` of the target. */
  options: readonly string[];
  /** The environment that is built for, and what it says its hosts are. */
  environment: { file: string; platform?: string } | undefined;
  /** `DOCKER_DEFAULT_PLATFORM` */
  variable: string | undefined;
  /** The one of the engine. */
  engine: ImagePlatform | undefined;
}

/**
 * The platforms that an image is built for, sorted.
 * @throws {UserError} if the environment's hosts could not run it.
 */
export function targetPlatforms(sources: PlatformSources): ImagePlatform[] {
  const { options, environment, variable, engine } = sources;
  const declared = environment?.platform && parseImagePlatform(environment.platform);
  if (options.length > 0) {
    const platforms = [...new Set(options.map(parseImagePlatform))].sort();
    if (declared && !platforms.includes(declared)) {
      throw new UserError(
        `${environment.file} says that its hosts are ${declared}, but "platforms" of docker-build names ${platforms.join(' and ')}: add ${declared}, or correct the environment's "platform"`,
      );
    }
    return platforms;
  }
  if (declared) return [declared];
  if (variable) return [parseImagePlatform(variable)];
  return engine === undefined ? [] : [engine];
}

/**
 * Arguments that BuildKit gives every build without being told, by
 * https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope
 */
export function platformArguments(
  target: ImagePlatform | undefined,
  build: ImagePlatform | undefined,
): Record<string, string> {
  return { ...argumentsOf('TARGET', target), ...argumentsOf('BUILD', build) };
}

function argumentsOf(prefix: string, platform: ImagePlatform | undefined): Record<string, string> {
  if (platform === undefined) return {};
  const [system = '', architecture = '', variant = ''] = platform.split('/');
  return {
    [`${prefix}PLATFORM`]: platform,
    [`${prefix}OS`]: system,
    [`${prefix}ARCH`]: architecture,
    [`${prefix}VARIANT`]: variant,
  };
}
