import type { AnyEnvironment } from '../../platform/environment';
import { UserError } from '../../platform/user-error';
import type { EnvironmentSchema } from './environment-schema';

type Engine = AnyEnvironment['engine'];
type Advice = Partial<Record<keyof EnvironmentSchema, string>>;

/** Options that an engine does not have, each with what to give instead. */
const NOT_FOR: Readonly<Record<Engine, Advice>> = {
  compose: {
    namespace: 'containers of Compose have none',
    ingressClass: 'the edge publishes them; give only --publish',
    gateway: 'the edge publishes them; give only --publish',
    region: 'name the engine by --host or --context',
    cluster: 'name the engine by --host or --context',
  },
  kubernetes: {
    host: 'name the cluster by --context',
    images: 'a cluster always pulls from the registry',
    tls: 'certificates are those of the Ingress or the Gateway',
    region: 'name the cluster by --context',
    cluster: 'name the cluster by --context',
  },
  ecs: {
    context: 'name the cluster by --cluster and --region',
    host: 'name the cluster by --cluster and --region',
    images: 'tasks always pull from the registry',
    publish: 'write "targetGroup" of the gateway into the file',
    tls: 'the load balancer has the certificate',
    namespace: 'write "namespace" into the file',
    ingressClass: 'write "targetGroup" of the gateway into the file',
    gateway: 'write "targetGroup" of the gateway into the file',
  },
};

/** @throws {UserError} naming each option that the engine does not have. */
export function requireOptionsOf(engine: Engine, schema: EnvironmentSchema): void {
  const problems = Object.entries(NOT_FOR[engine])
    .filter(([option]) => Boolean(schema[option as keyof EnvironmentSchema]))
    .map(([option, instead]) => `--${option} is not for --engine=${engine}: ${instead}`);
  if (schema.ingressClass && schema.gateway) {
    problems.push('hosts are published by --ingressClass or by --gateway: give one of them');
  }
  const publish = String(schema.publish ?? '');
  if (engine === 'kubernetes' && publish !== '' && !/[a-z]/i.test(publish)) {
    problems.push(
      `--publish=${publish} is a port: on a cluster, give a host name such as shop.example.com`,
    );
  }
  if (problems.length > 0) throw new UserError(problems.join('\n'));
}
