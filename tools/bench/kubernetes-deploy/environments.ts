/** One for each contender, with a namespace of its own. */
export const ENVIRONMENTS = ['helm', 'kubectl', 'pipeline', 'daemon'] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];
