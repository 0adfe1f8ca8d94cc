export { createNodes, createNodesV2, type MicroPluginOptions } from './inference/plugin';
export { formatProblem, PlatformError, type Problem } from './platform/problem';
export type { Manifest } from './platform/manifest';
export type { Environment } from './platform/environment';
export { parsePlatform, type Platform, type Service } from './platform/platform';
export { readPlatform } from './platform/workspace';
