import type { Command } from '../docker/command';
import type { Outcome, Runner, RunOptions } from '../effects/process';
import type { LiveObject } from '../kubernetes/live-object';

/** What a program in a pod does. */
export type FakeProgram = (
  program: { pod: string; mark: string; script: string },
  options: RunOptions,
) => Promise<Outcome>;

export const DONE: Outcome = { exitCode: 0, stdout: '', stderr: '' };

/** A namespace that kubectl lists and changes, with pods in which programs run. */
export class FakeCluster implements Runner {
  /** What was asked, without the context and the namespace. */
  readonly lines: string[] = [];
  readonly objects: LiveObject[] = [];
  private lease: LiveObject | undefined;

  constructor(private readonly program: FakeProgram = () => Promise.resolve(DONE)) {}

  addDatastore(name: string, env: Readonly<Record<string, string>>): void {
    this.add('Pod', `${name}-0`, name, {
      metadata: { uid: `${name}-uid` },
      spec: {
        containers: [
          {
            ...{ name, image: `${name}:1` },
            env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
          },
        ],
      },
      status: {
        phase: 'Running',
        containerStatuses: [{ name, containerID: 'a', state: { running: {} } }],
      },
    });
  }

  addDeployment(name: string, replicas: number, annotations: Record<string, string> = {}): void {
    this.add('Deployment', name, name, { metadata: { annotations }, spec: { replicas } });
    this.scale(name, replicas);
  }

  addJobPod(name: string): void {
    const status = { phase: 'Running', containerStatuses: [{ name, state: { running: {} } }] };
    this.add('Pod', `${name}-x1`, name, { status });
  }

  deployment(name: string) {
    return this.objects.find(
      (one) => one.kind === 'Deployment' && one.metadata.name === name,
    ) as LiveObject & { spec: { replicas: number } };
  }

  run = async (command: Command, options: RunOptions = {}): Promise<Outcome> => {
    await Promise.resolve();
    const args = command.args.slice(4);
    this.lines.push(args.join(' '));
    const [verb, what = ''] = args;
    if (verb === 'exec') return this.exec(command, options);
    if (verb === 'scale') return this.scaleAsAsked(what, args);
    if (verb === 'annotate') return this.annotate(what, args[2]!);
    if (verb === 'get' && what === 'namespace') return { ...DONE, stdout: '{}' };
    if (verb === 'get' && what === 'lease') return this.printed(this.lease);
    if (verb === 'create' || verb === 'replace') {
      const written = JSON.parse(command.stdin as string) as LiveObject;
      this.lease = { ...written, metadata: { ...written.metadata, resourceVersion: '1' } };
      return this.printed(this.lease);
    }
    if (verb === 'get' && what === 'pod') {
      return this.printed(this.objects.find(({ metadata }) => metadata.name === args[2]));
    }
    if (verb === 'get' && what.includes('pods')) return this.list('Pod');
    if (verb === 'get' && what.includes('deployments')) return this.list('Deployment');
    return DONE;
  };

  private add(kind: string, name: string, entry: string, some: object): void {
    const { metadata = {}, ...rest } = some as { metadata?: object };
    const labels = {
      'app.kubernetes.io/name': entry,
      'app.kubernetes.io/component': kind === 'Pod' ? 'datastore' : 'service',
    };
    this.objects.push({ apiVersion: 'v1', kind, metadata: { name, labels, ...metadata }, ...rest });
  }

  private list(kind: string): Outcome {
    const items = this.objects.filter((one) => one.kind === kind);
    return { ...DONE, stdout: JSON.stringify({ items }) };
  }

  private printed(object: LiveObject | undefined): Outcome {
    return { ...DONE, stdout: object ? JSON.stringify(object) : '' };
  }

  private scale(name: string, replicas: number): void {
    const isOther = (one: LiveObject) =>
      one.kind !== 'Pod' || one.metadata.labels?.['app.kubernetes.io/name'] !== name;
    this.objects.splice(0, Infinity, ...this.objects.filter(isOther));
    for (let index = 0; index < replicas; index++) {
      const status = { phase: 'Running', containerStatuses: [{ name, state: { running: {} } }] };
      this.add('Pod', `${name}-${index}`, name, { status });
    }
  }

  private scaleAsAsked(what: string, args: readonly string[]): Outcome {
    const name = what.replace('deployment.apps/', '');
    const valueOf = (option: string) =>
      args.find((one) => one.startsWith(`${option}=`))?.slice(option.length + 1);
    const { spec } = this.deployment(name);
    const current = valueOf('--current-replicas');
    if (current !== undefined && Number(current) !== spec.replicas) {
      const stderr = `error: Expected replicas to be ${current}, was ${spec.replicas}`;
      return { exitCode: 1, stdout: '', stderr };
    }
    spec.replicas = Number(valueOf('--replicas'));
    this.scale(name, spec.replicas);
    return DONE;
  }

  private annotate(what: string, note: string): Outcome {
    const { metadata } = this.deployment(what.replace('deployment.apps/', ''));
    const [key, value] = note.split('=') as [string, string?];
    const { [key.replace(/-$/, '')]: _, ...rest } = metadata.annotations ?? {};
    metadata.annotations = value === undefined ? rest : { ...rest, [key]: value };
    return DONE;
  }

  private exec({ args, stdin }: Command, options: RunOptions): Promise<Outcome> {
    const [mark] = args.slice(args.indexOf('-c') + 2);
    const pod = args[args.indexOf('exec') + 2]!;
    return this.program({ pod, mark: mark!, script: (stdin as string | undefined) ?? '' }, options);
  }
}
