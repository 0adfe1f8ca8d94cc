// Kept by `nx sync` from service.yml: the datastores that this service owns.
export const datastoreVariables = {};

export type Datastores = Record<string, never>;

export const connectDatastores: (config: object) => Datastores = () => ({});

/** What `node main.js <command>` does in place of serving. */
export const commands = {};
