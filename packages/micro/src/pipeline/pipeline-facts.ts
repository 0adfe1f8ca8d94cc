import { parseImageReference } from '../platform/image-reference';

/** Where a pipeline runs. */
export const PROVIDERS = ['github', 'gitlab'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** What a pipeline is derived from. */
export interface PipelineFacts {
  /** The branch that is deployed. */
  mainBranch: string;
  node: {
    /** `24`, `22.3.0`, or as `.nvmrc` may say, `lts/jod`. */
    version: string;
    /** The file in the workspace that says so. */
    file?: string;
  };
  packageManager: { kind: 'npm' } | { kind: 'pnpm' | 'yarn' | 'bun'; version: string };
  /** With Yarn's Plug'n'Play, there is no folder of programs. */
  nx: 'node_modules/.bin/nx' | 'yarn nx';
  choices: PipelineChoices;
  /** In the order in which a commit reaches them; only the first one is deployed to without an approval. */
  environments: readonly PipelineEnvironment[];
}

/** What a person asked for, beside the environments. */
export interface PipelineChoices {
  /** Whether images are scanned before they are pushed. */
  scans: boolean;
  /** Names of the environments whose plan a pull request shows. */
  plans: readonly string[];
  /** Whether each service that a pull request changes has a job of its own. */
  matrix: boolean;
}

/** An environment as far as a pipeline has to know it. */
export interface PipelineEnvironment {
  name: string;
  engine: 'compose' | 'kubernetes' | 'ecs';
  /** `registry.example.com/shop` */
  registry?: string;
  /** The region of AWS, if it is for ECS. */
  region?: string;
  /** Whether its images are for ARM64 alone. */
  isArm?: boolean;
  /** `ssh://deploy@example.com` */
  host?: string;
  /** The address that is asked once it is deployed. */
  url?: string;
  /** Whether it runs only what was signed, so that a deploy needs cosign. */
  verifies?: boolean;
  /** Whose signatures without a key it demands: who vouches for the identity. */
  issuer?: string;
  /** Variables of the process that deploys, which hold secrets. */
  variables: readonly string[];
}

/** `registry.example.com` of `registry.example.com/shop`, and `docker.io` of `shop`. */
export function registryHost(registry: string): string {
  return parseImageReference(`${registry}/service`).registry ?? 'docker.io';
}

/** A registry of AWS, for which the credentials of AWS are enough. */
export function ecrOf(registry: string | undefined): { host: string; region: string } | undefined {
  const host = registry === undefined ? '' : registryHost(registry);
  const [, region] = /^\d{12}\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\./.exec(host) ?? [];
  return region === undefined ? undefined : { host, region };
}
