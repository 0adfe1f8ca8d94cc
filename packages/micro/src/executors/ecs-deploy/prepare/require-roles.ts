import { AwsError, runAws } from '../../../effects/aws';
import { lineInEnvironment } from '../../../effects/environments';
import type { EcsPlan } from '../../../ecs/service-plan';
import { UserError } from '../../../platform/user-error';
import type { Run } from '../run';

/**
 * Looks for the roles of what will be registered: without one, ECS would say so only when it starts the first task.
 *
 * @throws {UserError} naming each role that does not exist. Whoever may not look at roles is believed.
 */
export async function requireRoles(run: Run, { services }: EcsPlan): Promise<void> {
  const { aws, environment, workspaceRoot } = run;
  const registered = services
    .filter(({ action }) => action === 'create' || action === 'update')
    .flatMap(({ desired: { entry, jobs } }) => [entry, ...jobs]);
  const roles = registered.flatMap(({ service, taskDefinition }) => {
    const { executionRoleArn, taskRoleArn } = taskDefinition;
    const own = environment.services[service]?.taskRole !== undefined;
    return [
      { role: executionRoleArn, path: ['executionRole'] },
      { role: taskRoleArn, path: own ? ['services', service, 'taskRole'] : ['taskRole'] },
    ];
  });
  const wanted = new Map(
    roles.flatMap(({ role, path }) => (role === undefined ? [] : [[role, path] as const])),
  );
  const missing = await Promise.all(
    [...wanted].map(async ([role, path]) => {
      const name = role.split('/').at(-1)!;
      const args = ['iam', 'get-role', '--role-name', name];
      try {
        await runAws(aws, args, `Could not look at the role ${name}`);
        return [];
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        if (error.complaint.kind === 'forbidden') return [];
        if (error.complaint.kind !== 'not-found') throw error;
        const line = lineInEnvironment(workspaceRoot, environment, path);
        return [
          `${environment.file}:${line}: there is no role ${name}: make it, for example with the template of "micro render -e ${environment.name} --format=cloudformation", or correct the name. Nothing was changed`,
        ];
      }
    }),
  );
  if (missing.flat().length > 0) throw new UserError(missing.flat().join('\n'));
}
