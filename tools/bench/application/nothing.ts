export const NOTHING = 'nothing';

/** A target that Nx finds in its cache: what running it over all services costs is Nx's own floor. */
export const NOTHING_TARGET = {
  [NOTHING]: { executor: 'nx:run-commands', cache: true, inputs: [], options: { command: 'true' } },
};
