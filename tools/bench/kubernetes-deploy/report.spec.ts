import { expect, it } from 'vitest';
import type { Reading } from './measure.js';
import { formatRollouts } from './report.js';

const reading = (seconds: number, lost: number, written: string[]): Reading => ({
  ...{ seconds, sent: 1000, written },
  lost: Array.from({ length: lost }, () => 'Error: connect ECONNREFUSED'),
});

it('compares times with the first contender, and tells what was written of the service and besides', () => {
  const release = ['Deployment/service-10', 'Secret/sh.helm.release.v1.shop.v2'];
  const own = ['ConfigMap/service-10-releases', 'Deployment/service-10', 'Lease/shop-deploy'];
  const readings = {
    version: [
      [reading(4, 0, release), reading(5, 1, release), reading(6, 0, release)],
      [reading(4, 0, own), reading(3, 0, own), reading(3, 0, [...own, 'Service/service-1'])],
    ],
  };
  const works = [{ id: 'version', title: 'one of 20' }];
  const table = formatRollouts(works, ['helm', 'ours'], readings, 'service-10');
  const [, , helm, ours] = table
    .split('\n')
    .map((row) => row.split('|').map((cell) => cell.trim()));
  expect(helm).toEqual([
    ...['', 'one of 20', 'helm', '5.0', '4.0 to 6.0', '1', '3,000', '1'],
    ...['1 (Deployment)', '1 (Secret)', ''],
  ]);
  expect(ours).toEqual([
    ...['', '', 'ours', '3.0', '3.0 to 4.0', '0.60 (0.50-1.00)', '3,000', '0'],
    ...['2 (ConfigMap, Deployment)', '1 (Lease); 2 (Lease, Service)', ''],
  ]);
});
