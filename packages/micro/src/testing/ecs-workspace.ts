import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { systemClock } from '../effects/clock';
import { engineRunner } from '../effects/engine-runner';
import { fileReader } from '../effects/files';
import { Interrupted } from '../effects/interruption';
import type { Runner } from '../effects/process';
import type { EcsDeployOptions } from '../executors/deploy-options';
import { deployRun } from '../executors/ecs-deploy/deploy-run';
import type { ServiceTask } from '../executors/service-task';
import { parseManifest } from '../platform/manifest';
import { writeFiles } from './temporary-workspace';

/** A workspace on disk with services that were pushed, as far as their receipts say. */
export class EcsWorkspace {
  readonly root = mkdtempSync(join(tmpdir(), 'micro-ecs-spec-'));
  private readonly services: string[] = [];

  constructor(
    readonly platform: string,
    { subnet = 'subnet-0a', securityGroup = 'sg-0a', more = '' } = {},
  ) {
    this.write({
      'package.json': JSON.stringify({ name: `@${platform}/source`, private: true }),
      'environments/production.yml': `engine: ecs
region: eu-central-1
registry: reg.example.com
subnets: [${subnet}]
securityGroups: [${securityGroup}]
executionRole: execution
${more}`,
    });
  }

  write(files: Readonly<Record<string, string>>): void {
    writeFiles(this.root, files);
  }

  /** @param manifest more of it; `compose`: more of its compose file. */
  addService(name: string, port: number, manifest = '', compose = ''): void {
    this.services.push(name);
    const include = this.services.map((service) => `  - apps/${service}/compose.yaml\n`).join('');
    this.write({
      'compose.yaml': `name: ${this.platform}\ninclude:\n${include}`,
      [`apps/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0' }),
      [`apps/${name}/service.yml`]: `port: ${port}\n${manifest}`,
      [`apps/${name}/Dockerfile`]: 'FROM node:24\n',
      [`apps/${name}/compose.yaml`]: `services:
  ${name}:
    image: ${this.platform}/${name}:local
    environment: { PORT: "${port}" }
${compose}`,
    });
    this.push(name, 'a');
  }

  /** Leaves the receipt of a push. @param digit which content: a key and a digest are made of it. */
  push(name: string, digit: string): void {
    const receipt = {
      ...{ kind: 'pushed', service: name, key: digit.repeat(64), environment: 'production' },
      image: `reg.example.com/${this.platform}/${name}:k-${digit.repeat(64)}`,
      ...{ digest: `sha256:${digit.repeat(64)}`, tags: [], since: '2026-11-28T12:00:00.000Z' },
    };
    this.write({
      [`dist/receipts/apps/${name}/docker-push.production.json`]: JSON.stringify(receipt),
    });
  }

  /** Deploys services in one run. */
  async deploy(
    names: readonly string[],
    options: EcsDeployOptions = {},
    {
      runner = engineRunner(this.root),
      clock = systemClock,
      interruption = uninterrupted(),
    }: {
      runner?: Runner;
      clock?: ServiceTask['clock'];
      interruption?: Parameters<typeof deployRun>[0]['interruption'];
    } = {},
  ): Promise<{ success: boolean; output: string; failures: ReadonlyMap<string, Error> }> {
    const lines: string[] = [];
    const say = (line: string) => void lines.push(stripVTControlCharacters(line));
    const read = fileReader(this.root);
    const tasks = names.map((name): ServiceTask => {
      const file = `apps/${name}/service.yml`;
      const { manifest } = parseManifest(file, read(file)!).read!;
      return {
        ...{ workspaceRoot: this.root, platformName: this.platform, runner, clock, say },
        ...{ service: { ...manifest, name, root: `apps/${name}` }, sameRun: new Set(names) },
      };
    });
    const failures = await deployRun({
      ...{ workspaceRoot: this.root, platformName: this.platform, runner, clock, tasks },
      ...{ options: { environment: 'production', ...options }, tell: say, interruption },
    }).catch((error: Error): ReadonlyMap<string, Error> => new Map([['all', error]]));
    const output = [...lines, ...[...failures.values()].map(({ message }) => message)].join('\n');
    return { success: failures.size === 0, output, failures };
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

export function uninterrupted() {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    trigger: (why: string) => controller.abort(new Interrupted(why)),
    dispose: () => undefined,
  };
}
