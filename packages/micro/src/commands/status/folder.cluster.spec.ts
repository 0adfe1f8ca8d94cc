import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { processRunner } from '../../effects/process';
import { describeCluster } from '../../../../../tools/testing/describe-cluster';
import { ClusterWorkspace } from '../../testing/cluster-workspace';
import { runCommand } from '../../testing/shell';
import { renderCommand } from '../render/command';
import { statusCommand } from './command';

const FOLDER = 'deploy/cluster';

describeCluster('a folder that somebody else applies', () => {
  let workspace: ClusterWorkspace;
  beforeAll(async () => {
    workspace = new ClusterWorkspace(inject('cluster')!);
    workspace.addService('orders', 3001);
    workspace.addService('shop', 3000, { manifest: 'kind: gateway\nconsumes: [orders]\n' });
    workspace.push('orders', 'one');
    workspace.push('shop', 'v1');
    await run(renderCommand, `-e cluster --out ${FOLDER}`);
    apply();
  });
  afterAll(() => workspace.remove());

  const run = (command: typeof statusCommand, line: string) =>
    runCommand(command, workspace.root, line, { runner: processRunner(workspace.root) });
  const status = () => run(statusCommand, `-e cluster --folder=${FOLDER} --check`);

  /** As an agent for GitOps does, with a field manager of its own. */
  function apply(folder = FOLDER): void {
    const how = ['--server-side', '--field-manager=gitops', '--force-conflicts'];
    workspace.kubectl('apply', ...how, '--validate=strict', '-k', `${workspace.root}/${folder}`);
  }

  it('is in the cluster as it is written, and as it is declared', async () => {
    const { exitCode, output } = await status();
    expect(output).toContain('cluster, folder and workspace are the same');
    expect(exitCode).toBe(0);
  });

  it('differs if a person changes the cluster, until it is applied again', async () => {
    workspace.kubectl('scale', 'deployment/shop', '--replicas=2');
    workspace.kubectl('delete', 'service', 'orders');
    const { exitCode, output } = await status();
    expect(output).toMatch(/! +deployment\/shop +changed in the cluster: spec\.replicas$/m);
    expect(output).toMatch(/✕ +service\/orders +not in the cluster$/m);
    expect(exitCode).toBe(1);
    apply();
    expect((await status()).exitCode).toBe(0);
  });

  it('differs from what was pushed since, until it is rendered and applied', async () => {
    workspace.push('shop', 'v2');
    const pushed = await status();
    expect(pushed.output).toContain(`declares now: ${FOLDER}/shop.yaml changed`);
    expect(pushed.output).toMatch(/✓ +(\d+) of \1 objects/);
    expect(pushed.exitCode).toBe(1);
    await run(renderCommand, `-e cluster --out ${FOLDER}`);
    const rendered = await status();
    expect(rendered.output).toMatch(
      /! +deployment\/shop +changed in the cluster: .*containers\[shop\]\.image/,
    );
    expect(rendered.output).not.toContain('declares now');
    apply();
    expect((await status()).exitCode).toBe(0);
  });

  it('is compared as a kustomization patches it, with what a person added', async () => {
    const kustomization = {
      resources: ['../cluster', 'extra.json'],
      patches: [
        {
          patch: JSON.stringify([{ op: 'replace', path: '/spec/replicas', value: 2 }]),
          target: { kind: 'Deployment', name: 'shop' },
        },
      ],
    };
    workspace.write({
      'deploy/overlay/kustomization.yaml': JSON.stringify(kustomization),
      'deploy/overlay/extra.json': JSON.stringify({
        ...{ apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'b' } },
        metadata: { name: 'extra', namespace: workspace.namespace },
      }),
    });
    const line = '-e cluster --folder=deploy/overlay --check';
    const before = await run(statusCommand, line);
    expect(before.output).toMatch(/! +deployment\/shop +changed in the cluster: spec\.replicas/);
    expect(before.output).toMatch(/✕ +configmap\/extra +not in the cluster/);
    apply('deploy/overlay');
    const after = await run(statusCommand, line);
    expect(after.output).toContain('cluster, folder and workspace are the same');
    expect(after.exitCode).toBe(0);
  });

  it('names what is left of a service that it does not have any more', async () => {
    workspace.removeService('orders');
    workspace.edit('apps/shop/service.yml', (text) => text.replace('consumes: [orders]\n', ''));
    await run(renderCommand, `-e cluster --out ${FOLDER}`);
    apply();
    const { output } = await status();
    for (const kind of ['deployment', 'service', 'serviceaccount', 'networkpolicy']) {
      expect(output).toMatch(
        new RegExp(`! +${kind}/orders +in the cluster, but not in the folder`),
      );
    }
  });
});
