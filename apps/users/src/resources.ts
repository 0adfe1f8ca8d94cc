// Kept by `nx sync` from service.yml: the datastores and the broker that this service uses.
export const resourceVariables = {};

export type Resources = Record<string, never>;

export const connectResources: (config: object) => Resources = () => ({});

/** What `node main.js <command>` does in place of serving. */
export const commands = {};
