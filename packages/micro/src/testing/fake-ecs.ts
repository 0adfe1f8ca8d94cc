import { readFileSync } from 'node:fs';
import type { Outcome } from '../effects/process';
import { failure, recordingRunner } from './recording-runner';

export const ARN = 'arn:aws:ecs:eu-central-1:123456789012';

const PREFIX = 'acme-production-';

export interface Tag {
  key: string;
  value: string;
}

interface Deployment {
  id: string;
  status: string;
  taskDefinition: string;
  rolloutState: string;
  rolloutStateReason?: string;
}

interface FakeService {
  [key: string]: unknown;
  tags: Tag[];
  deployments: Deployment[];
}

type Input = Record<string, unknown>;

/** What the AWS CLI writes about a call that AWS refused. */
export const awsError = (code: string, words: string) =>
  `\nAn error occurred (${code}) when calling the X operation: ${words}\n`;

/** ECS of the platform `acme` in production, as far as it is asked; `calls` are those that change something, with their inputs. */
export class FakeEcs {
  /** By their names in the workspace. */
  readonly services = new Map<string, FakeService>();
  calls: [call: string, input: Input][] = [];
  parameter: string | undefined;
  /** What becomes of a new deployment. */
  rollout = 'COMPLETED';
  /** Of single services. */
  rollouts: Record<string, string> = {};
  /** Answers that replace those below, by `<service> <call>`. */
  more: Record<string, object> = {};
  readonly #revisions = new Map<string, number>();

  readonly runner = recordingRunner((_, command) => {
    if (command.file === 'docker') return { stdout: JSON.stringify(this.compose) };
    if (command.file === 'cosign') return this.cosign;
    if (command.file !== 'aws') return failure('no git here');
    const [, , , , service, call] = command.args;
    const found = this.more[`${service} ${call}`];
    const answer = found ?? this.answer(`${call}`, command.args);
    return isOutcome(answer) ? answer : { stdout: JSON.stringify(answer) };
  });

  /** How each check of a signature ends. */
  cosign: Partial<Outcome> = { stdout: '' };

  compose: { services: Record<string, object> } = { services: { orders: {} } };

  get service(): FakeService | undefined {
    return this.services.get('orders');
  }

  /** The calls alone, since this was asked last. */
  named(): string[] {
    return this.calls.splice(0).map(([call]) => call);
  }

  private answer(call: string, args: readonly string[]): object {
    const after = (option: string) => args.slice(args.indexOf(option) + 1);
    const input = args.includes('--cli-input-json')
      ? (JSON.parse(readFileSync(args.at(-1)!.replace('file://', ''), 'utf8')) as Input)
      : {};
    switch (call) {
      case 'list-services':
        return { serviceArns: [...this.services.keys()].sort().map(arnOf) };
      case 'describe-services':
        return {
          services: after('--services').flatMap((name) => this.services.get(shortOf(name)) ?? []),
        };
      case 'put-parameter':
        if (this.parameter !== undefined) {
          return failure(awsError('ParameterAlreadyExists', 'there'));
        }
        this.parameter = after('--value')[0]!;
        return { Version: 1 };
      case 'get-parameter':
        return { Parameter: { Value: this.parameter, Version: 1 } };
      case 'delete-parameter':
        this.parameter = undefined;
        return {};
      case 'get-role':
      case 'list-tasks':
      case 'get-log-events':
        return {};
      case 'delete-service':
        this.calls.push([call, input]);
        this.services.delete(shortOf(after('--service')[0]!));
        return {};
      default:
        this.calls.push([call, input]);
        return this.change(call, input);
    }
  }

  change(call: string, input: Input): object {
    if (call === 'register-task-definition') {
      const family = input['family'] as string;
      const revision = (this.#revisions.get(family) ?? 0) + 1;
      this.#revisions.set(family, revision);
      return {
        taskDefinition: { taskDefinitionArn: `${ARN}:task-definition/${family}:${revision}` },
      };
    }
    if (call === 'run-task') return { tasks: [{ taskArn: `${ARN}:task/c/1` }] };
    if (call === 'create-service' || call === 'update-service') {
      const name = shortOf((input['serviceName'] ?? input['service']) as string);
      const service = this.written(name, input);
      this.services.set(name, service);
      return { service };
    }
    if (call === 'tag-resource') {
      const service = this.services.get(shortOf(input['resourceArn'] as string))!;
      const tags = input['tags'] as Tag[];
      const kept = service.tags.filter(({ key }) => !tags.some((tag) => tag.key === key));
      service.tags = [...kept, ...tags];
    }
    return {};
  }

  private written(name: string, input: Input): FakeService {
    const before = this.services.get(name);
    const taskDefinition = (input['taskDefinition'] ?? before?.['taskDefinition']) as string;
    const isBack = before?.['before'] === taskDefinition;
    const rolloutState = isBack ? 'COMPLETED' : (this.rollouts[name] ?? this.rollout);
    const id = `ecs-svc/${this.calls.length}`;
    return {
      ...{ serviceArn: arnOf(name), serviceName: `${PREFIX}${name}`, status: 'ACTIVE' },
      ...{ desiredCount: 1, runningCount: 1, tags: [], events: [], ...before },
      before: before?.['taskDefinition'],
      ...(input['tags'] ? { tags: input['tags'] as Tag[] } : {}),
      taskDefinition,
      deployments: [{ id, status: 'PRIMARY', taskDefinition, rolloutState }],
    };
  }
}

function arnOf(service: string): string {
  return `${ARN}:service/acme-production/${PREFIX}${service}`;
}

/** Of a name or an ARN. */
function shortOf(name: string): string {
  return name.split('/').at(-1)!.slice(PREFIX.length);
}

function isOutcome(answer: object): answer is Partial<Outcome> {
  return 'exitCode' in answer;
}
