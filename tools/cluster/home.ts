import { homedir } from 'node:os';
import { join } from 'node:path';

const CACHE = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');

/** What a cluster is made of is kept here between runs; what it only has while it runs is below `STATE`. */
export const HOME = join(CACHE, 'org-micro-cluster');

/** Keys, certificates and kubeconfigs of the cluster that runs. */
export const STATE = join(HOME, 'state');

/** The file that tells `kubectl` and the tests of the cluster. */
export const KUBECONFIG = join(STATE, 'kubeconfig');
