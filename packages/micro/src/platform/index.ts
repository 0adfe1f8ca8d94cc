/** The model of a platform, for tools of your own: `import { readPlatform } from '@org/micro/platform'`. */
export { parseEnvironment, type Environment } from './environment';
export type { Manifest } from './manifest';
export { parsePlatform, type Platform, type Service } from './platform';
export type { ManifestFile } from './platform-rule';
export { formatProblem, PlatformError, type Problem } from './problem';
export { readPlatform, type ProjectLocation, type ReadFile } from './workspace';
