/** The variable that tells a service which proxies to trust. */
export const TRUST_PROXY = 'TRUST_PROXY';

/** The networks from which engines choose container addresses (RFC 1918 and 4193). */
export const PRIVATE_NETWORKS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'];

/** Some clusters choose pod addresses from the shared address space of providers, too (RFC 6598). */
export const POD_NETWORKS = [...PRIVATE_NETWORKS, '100.64.0.0/10'];
