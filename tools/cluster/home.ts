import { homedir } from 'node:os';
import { join } from 'node:path';

const CACHE = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');

/** Programs of the cluster that are kept between runs. Everything else of a running cluster is below `STATE`. */
export const HOME = join(CACHE, 'org-micro-cluster');

/** Keys, certificates and kubeconfigs of the running cluster. */
export const STATE = join(HOME, 'state');

/** The kubeconfig for `kubectl` and the tests. */
export const KUBECONFIG = join(STATE, 'kubeconfig');
