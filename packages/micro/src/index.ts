// Nx loads this file for every project graph: the model, with zod and yaml, is in `@org/micro/platform`.
export { createNodes, createNodesV2, type MicroPluginOptions } from './inference/plugin';
