/** Where a pipeline runs. */
export type Provider = 'github' | 'gitlab';

/** What a pipeline is derived from. */
export interface PipelineFacts {
  /** The branch that is deployed. */
  mainBranch: string;
  /** Node's version, `24`, or the file in the workspace that has it. */
  node: { version: string } | { file: string };
  packageManager: { kind: 'npm' } | { kind: 'pnpm' | 'yarn' | 'bun'; version: string };
  /** In the order in which a commit reaches them; only the first one is deployed to without an approval. */
  environments: readonly PipelineEnvironment[];
}

/** An environment as far as a pipeline has to know it. */
export interface PipelineEnvironment {
  name: string;
  /** `registry.example.com/shop` */
  registry?: string;
  /** `ssh://deploy@example.com` */
  host?: string;
  /** The address that is asked once it is deployed. */
  url?: string;
  /** Variables of the process that deploys, which hold secrets. */
  variables: readonly string[];
}

/** `registry.example.com` of `registry.example.com/shop`, and `docker.io` of `shop`. */
export function registryHost(registry: string): string {
  const [first = '', ...rest] = registry.split('/');
  const isHost = /[.:]/.test(first) || first === 'localhost';
  return rest.length > 0 || isHost ? (isHost ? first : 'docker.io') : 'docker.io';
}
