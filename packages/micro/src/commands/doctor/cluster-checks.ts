import { checkWritten, type Check } from './check';

/** What was found of a cluster; a problem is what kept it from being found, with what to do. */
export interface ClusterDoctorFacts {
  context: string;
  namespace: string;
  /** The versions of kubectl and of the API server. */
  server:
    { kind: 'answers'; client: string; version: string } | { kind: 'silent'; problem: string };
  /** Absent if the namespace is there; otherwise why it cannot be deployed to. */
  namespaceProblem?: string;
  /** Absent if the cluster does not tell all of them. */
  missingRights?: readonly string[];
  /** What the environment names and the cluster does not have, each with what to do. */
  missing: readonly { what: string; says: string; advice: string }[];
  /** What a deploy could not render, each with its file and line. */
  written: readonly string[];
}

/** Judges each fact of a cluster. */
export function checkCluster(facts: ClusterDoctorFacts): Check[] {
  const { context, namespace, server, namespaceProblem, missingRights, missing, written } = facts;
  const rendered = written.map((says) => checkWritten('objects', says));
  if (server.kind === 'silent') {
    return [{ level: 'fail', what: 'cluster', says: server.problem }, ...rendered];
  }
  return [
    {
      level: 'ok',
      what: 'cluster',
      says: `Kubernetes ${server.version} of the context ${context} (kubectl ${server.client})`,
    },
    namespaceProblem === undefined
      ? { level: 'ok', what: 'namespace', says: `${namespace} exists` }
      : { level: 'fail', what: 'namespace', says: namespaceProblem },
    ...(namespaceProblem === undefined ? [checkRights(namespace, missingRights)] : []),
    ...missing.map((one): Check => ({ level: 'fail', ...one })),
    ...rendered,
  ];
}

function checkRights(namespace: string, missing: readonly string[] | undefined): Check {
  const what = 'rights';
  if (missing === undefined) {
    const says = `the cluster does not tell what its user may do in ${namespace}`;
    return {
      level: 'warn',
      what,
      says,
      advice: '"nx run-many -t kubernetes-deploy --plan" tries the reading part',
    };
  }
  if (missing.length === 0) {
    return { level: 'ok', what, says: `the user may do what a deploy does in ${namespace}` };
  }
  return {
    level: 'fail',
    what,
    says: `the user may not: ${missing.join('; ')}`,
    advice: `ask for a Role in the namespace ${namespace} that allows it`,
  };
}
