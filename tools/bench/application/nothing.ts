export const NOTHING = 'nothing';

/** A target that Nx always finds in its cache. Running it for all services shows the minimum cost of Nx itself. */
export const NOTHING_TARGET = {
  [NOTHING]: { executor: 'nx:run-commands', cache: true, inputs: [], options: { command: 'true' } },
};
