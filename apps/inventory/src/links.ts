// Kept by `nx sync` from service.yml: the services that this one calls.
export const links = {};
