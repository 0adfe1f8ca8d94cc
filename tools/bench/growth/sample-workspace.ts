import { INSTALL } from '../contenders/quiet-install.js';
import { vendorPackages } from '../../testing/packed-plugin.js';
import { createWorkspace, type Workspace } from '../../testing/workspace.js';

export const SAMPLE = 'sample';

/** An installed workspace with one generated service. Others are copied from its files. */
export async function createSample(): Promise<Workspace> {
  const workspace = await createWorkspace('growth-sample');
  try {
    await workspace.npm(...INSTALL, '--save-dev', ...(await vendorPackages(workspace.root)));
    await workspace.nx('g', '@org/micro:init');
    await workspace.nx('g', '@org/micro:service', SAMPLE);
    await workspace.commit('One service');
    return workspace;
  } catch (error) {
    await workspace.remove();
    throw error;
  }
}
