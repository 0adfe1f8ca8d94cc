import { run, succeeded } from '../command.js';

export const METRICS = 'metrics-server';

/** Whether a cluster has something that measures how busy its pods are, or is about to. */
export async function hasMetrics(kubectl: string, kubeconfig: string): Promise<boolean> {
  const asked = ['get', 'apiservices.apiregistration.k8s.io', 'v1beta1.metrics.k8s.io'];
  return succeeded(
    await run(kubectl, ['--kubeconfig', kubeconfig, ...asked], { withinMs: 20_000 }),
  );
}
