import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { describeTokens } from '../../../../../tools/testing/describe-cluster';
import { ClusterUser } from '../../testing/cluster-user';
import { ClusterWorkspace } from '../../testing/cluster-workspace';

/** For how many seconds more the API server takes a token that has expired: clocks differ. */
const LEEWAY = 60;

describeTokens('credentials that expire', () => {
  let workspace: ClusterWorkspace;
  let user: ClusterUser;
  beforeAll(async () => {
    workspace = new ClusterWorkspace(inject('cluster')!);
    workspace.addService('orders', 3001);
    workspace.push('orders', 'one');
    expect((await workspace.deploy()).failures).toEqual({});
    user = new ClusterUser(workspace, 'deployer');
  });
  afterAll(() => workspace.remove());

  /** Runs commands with a token that expires so many seconds from now. */
  const expiringIn = (seconds: number) =>
    user.runner(user.signedToken(inject('tokenKey')!, Math.floor(Date.now() / 1000) + seconds));
  const refused = /does not accept these credentials .*Log in again, then run this again/;

  it('before a deploy stop it before anything is written', async () => {
    workspace.push('orders', 'two');
    const before = workspace.versions();
    await expect(workspace.deploy(undefined, {}, { runner: expiringIn(-120) })).rejects.toThrow(
      refused,
    );
    expect(workspace.versions()).toEqual(before);
    const valid = await workspace.deploy(undefined, {}, { runner: expiringIn(600) });
    expect(valid.failures).toEqual({});
    expect(workspace.served('orders')).toEqual([workspace.image('orders')]);
  });

  it('during the rollout are told, and the pods before go on until the next deploy', async () => {
    const served = workspace.served('orders');
    workspace.push('orders', 'three');
    workspace.set('orders', { environment: { NEVER_READY: 'yes' } });
    const { failures } = await workspace.deploy(undefined, {}, { runner: expiringIn(10 - LEEWAY) });
    expect(failures['orders']).toMatch(refused);
    expect(failures['orders']).toContain('orders could not be taken back: ');
    expect(workspace.served('orders')).toEqual(expect.arrayContaining(served));
    workspace.set('orders', {});
    expect((await workspace.deploy()).failures).toEqual({});
    expect(workspace.served('orders')).toEqual([workspace.image('orders')]);
    await workspace.settled();
    const before = workspace.versions();
    expect((await workspace.deploy()).output).toContain('nothing changed');
    expect(workspace.versions()).toEqual(before);
  });
});
