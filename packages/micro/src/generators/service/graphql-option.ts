import type { Manifest } from '../../platform/manifest';
import { splitNames } from '../datastore-names';

interface GraphqlRequest {
  kind?: Manifest['kind'];
  consumes?: string | string[];
  framework?: 'fastify' | 'express';
  graphql?: boolean;
}

/** What a new service consumes: a gateway of GraphQL, if nothing is named, all subgraphs. */
export function consumedBy(
  { kind, consumes, graphql }: GraphqlRequest,
  subgraphs: readonly string[],
): string[] {
  return consumes !== undefined || !graphql || kind !== 'gateway'
    ? splitNames(consumes)
    : [...subgraphs];
}

/** Why a service cannot answer GraphQL, or `undefined` if it can. */
export function noGraphqlOf(
  kind: Manifest['kind'],
  { graphql, framework }: GraphqlRequest,
  consumes: readonly string[],
  subgraphs: readonly string[],
): string | undefined {
  if (!graphql) return undefined;
  if (kind === 'worker') return 'A worker takes no calls: leave out --graphql';
  if (kind === 'service') {
    return framework === 'express'
      ? 'GraphQL is answered by Fastify: leave out --graphql or --framework=express'
      : undefined;
  }
  return subgraphs.some((name) => consumes.includes(name))
    ? undefined
    : 'A gateway answers GraphQL from subgraphs: create one by "nx g @org/micro:service <name> --graphql" first, and name it in --consumes';
}
