/** The libraries of the benchmark, by how many of the eight services use them. */
export const LIBRARIES = ['money', 'address', 'tax'] as const;
export type Library = (typeof LIBRARIES)[number];

/** `money` is used by all eight services, `address` by three, `tax` by one. */
export const SERVICES = {
  orders: ['money', 'address', 'tax'],
  billing: ['money', 'address'],
  shipping: ['money', 'address'],
  catalog: ['money'],
  users: ['money'],
  search: ['money'],
  mail: ['money'],
  stock: ['money'],
} as const satisfies Record<string, readonly Library[]>;

export type ServiceName = keyof typeof SERVICES;
export const SERVICE_NAMES = Object.keys(SERVICES) as ServiceName[];

/** The service in which single changes are made. It uses every library. */
export const CHANGED_SERVICE: ServiceName = 'orders';

/** The library that three services use. */
export const CHANGED_LIBRARY: Library = 'address';

/** The scope of the libraries' packages, the same in every workspace so that the sources are the same. */
export const SCOPE = '@bench';
