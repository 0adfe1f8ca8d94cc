import { describe, expect, it } from 'vitest';
import { DEFAULT_TARGET_NAMES, serviceTargets } from './targets';

const facts = {
  root: 'apps/orders',
  environments: ['development', 'production'],
  bundlers: ['esbuild'],
};
const targets = serviceTargets(facts, DEFAULT_TARGET_NAMES);

describe('serviceTargets', () => {
  it('has the targets of a service', () => {
    expect(Object.keys(targets)).toEqual([
      'build',
      'serve',
      'docker-build',
      'docker-scan',
      'docker-push',
      'nx-release-publish',
      'compose-deploy',
      'compose-rollback',
      'kubernetes-deploy',
      'kubernetes-rollback',
      'ecs-deploy',
      'ecs-rollback',
    ]);
  });

  it('has a function with the inputs of the bundle, if it can be one', () => {
    const { build, 'lambda-build': lambda } = serviceTargets(
      { ...facts, isFunction: true },
      DEFAULT_TARGET_NAMES,
    );
    expect(lambda).toMatchObject({
      executor: '@org/micro:lambda-build',
      cache: true,
      inputs: build!.inputs,
      outputs: ['{workspaceRoot}/dist/lambda/apps/orders'],
    });
    expect(lambda!.dependsOn).toBeUndefined();
  });

  it('keeps the SBOM with the artifact, so that Nx restores both', () => {
    expect(targets['build']!.outputs).toEqual([
      '{workspaceRoot}/dist/apps/orders',
      '{workspaceRoot}/dist/sboms/apps/orders',
    ]);
  });

  it.each([
    ['docker-build', ['build'], ['dist/receipts/apps/orders/docker-build.json']],
    [
      'docker-scan',
      ['docker-build'],
      ['dist/receipts/apps/orders/docker-scan.json', 'dist/scans/apps/orders'],
    ],
    [
      'docker-push',
      ['docker-build'],
      [
        'dist/receipts/apps/orders/docker-push.development.json',
        'dist/receipts/apps/orders/docker-push.production.json',
      ],
    ],
    [
      'compose-deploy',
      ['docker-push'],
      [
        'dist/receipts/apps/orders/compose-deploy.development.json',
        'dist/receipts/apps/orders/compose-deploy.production.json',
      ],
    ],
  ])('%s follows %j, is never cached and leaves its receipts', (name, dependsOn, outputs) => {
    expect(targets[name]).toMatchObject({
      cache: false,
      dependsOn,
      outputs: outputs.map((file) => `{workspaceRoot}/${file}`),
      defaultConfiguration: 'development',
      configurations: {
        development: { environment: 'development' },
        production: { environment: 'production' },
      },
    });
  });

  it.each([
    ['docker-build', { dependentTasksOutputFiles: '**/*', transitive: true }],
    ['docker-scan', { dependentTasksOutputFiles: '**/docker-build.json' }],
    ['docker-scan', { dependentTasksOutputFiles: '**/sbom.cdx.json', transitive: true }],
    ['docker-scan', '{workspaceRoot}/scan-exceptions.yml'],
    ['docker-push', { dependentTasksOutputFiles: '**/docker-build.json' }],
    ['compose-deploy', { dependentTasksOutputFiles: '**/docker-push.*.json' }],
    ['kubernetes-deploy', { dependentTasksOutputFiles: '**/docker-push.*.json' }],
    ['ecs-deploy', { dependentTasksOutputFiles: '**/docker-push.*.json' }],
  ])('%s reads what the previous step left', (name, input) => {
    expect(targets[name]!.inputs).toContainEqual(input);
  });

  it('deploys with Compose what docker-build made, if no environment has a registry', () => {
    const local = serviceTargets({ ...facts, pushes: false }, DEFAULT_TARGET_NAMES);
    const deploy = local['compose-deploy']!;
    expect(deploy.dependsOn).toEqual(['docker-build']);
    expect(deploy.inputs).toContainEqual({ dependentTasksOutputFiles: '**/docker-build.json' });
    expect(deploy.inputs).toContainEqual('{workspaceRoot}/environments/*');
    const rest = ({ 'compose-deploy': _, ...others }: typeof local) => others;
    expect(rest(local)).toEqual(rest(targets));
  });

  it('releases what docker-build made, for the environment of the option, not of a default', () => {
    const { 'nx-release-publish': release } = targets;
    expect(release).toMatchObject({
      executor: '@org/micro:docker-tag',
      cache: false,
      dependsOn: ['docker-build'],
      configurations: { production: { environment: 'production' } },
    });
    expect(release).not.toHaveProperty('defaultConfiguration');
  });

  it('never looks like an image of @nx/docker to nx release, not even in a group with its configuration', () => {
    const all = serviceTargets({ ...facts, isFunction: true }, DEFAULT_TARGET_NAMES);
    const technologies = Object.values(all).flatMap(({ metadata }) => metadata?.technologies ?? []);
    expect(technologies.length).toBeGreaterThan(0);
    expect(technologies).not.toContain('docker');
  });

  it('has no default if there is no environment of that name', () => {
    const { 'docker-push': push } = serviceTargets(
      { ...facts, environments: ['live'] },
      DEFAULT_TARGET_NAMES,
    );
    expect(push).not.toHaveProperty('defaultConfiguration');
    expect(push!.configurations).toEqual({ live: { environment: 'live' } });
  });

  it('accepts other names, in dependsOn too', () => {
    const renamed = serviceTargets(facts, {
      ...DEFAULT_TARGET_NAMES,
      build: 'bundle',
      dockerBuild: 'image',
    });
    expect(renamed['image']!.dependsOn).toEqual(['bundle']);
    expect(renamed['docker-push']!.dependsOn).toEqual(['image']);
  });

  it('never names the technology that nx release reacts to', () => {
    expect(JSON.stringify(targets)).not.toContain('"docker"');
  });
});
