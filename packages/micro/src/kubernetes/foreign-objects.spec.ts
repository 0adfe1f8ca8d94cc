import { describe, expect, it } from 'vitest';
import { parseNames } from './foreign-objects';

describe('parseNames', () => {
  it.each([
    ['deployment.apps/orders\nservice/orders\n', ['deployment/orders', 'service/orders']],
    ['networkpolicy.networking.k8s.io/a.b', ['networkpolicy/a.b']],
    ['configmap/kube-root-ca.crt\n', ['configmap/kube-root-ca.crt']],
    ['', []],
  ])('%j', (text, names) => expect([...parseNames(text)]).toEqual(names));
});
