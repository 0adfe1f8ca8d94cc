import { describe, expect, it } from 'vitest';
import { checkEdge, type EdgeFacts } from './edge-checks';

const NOW = new Date('2026-11-27T12:00:00Z');
const inDays = (days: number) => new Date(NOW.getTime() + days * 86_400_000);
const host = { host: 'shop.example.com', tls: 'auto', engine: ['203.0.113.7'] } as const;
const certificate = (covers: boolean, days: number) => ({
  ...{ host: 'shop.example.com', tls: 'auto' as const },
  found: { covers, from: inDays(days - 90), to: inDays(days) },
});

const check = (facts: Partial<EdgeFacts>) =>
  checkEdge({ hosts: [], certificates: [], problems: [], ...facts }, NOW).map(
    ({ level, what, says, advice }) => [level, what, says, advice !== undefined],
  );

describe('the checks of the edge', () => {
  it.each<[string, Partial<EdgeFacts>, [string, string, string, boolean]]>([
    [
      'a name that leads to the engine',
      { hosts: [{ ...host, addresses: ['203.0.113.7', '2001:db8::1'] }] },
      ['ok', 'host', 'shop.example.com leads to 203.0.113.7, 2001:db8::1', false],
    ],
    [
      'a name that leads elsewhere, as with a load balancer in front',
      { hosts: [{ ...host, addresses: ['203.0.113.8'] }] },
      [
        'warn',
        'host',
        'shop.example.com leads to 203.0.113.8, which is not the engine (203.0.113.7)',
        true,
      ],
    ],
    [
      'a name, where nobody knows the engine',
      { hosts: [{ ...host, engine: undefined, addresses: ['203.0.113.8'] }] },
      ['ok', 'host', 'shop.example.com leads to 203.0.113.8', false],
    ],
    [
      'a name that leads nowhere, for which no authority gives a certificate',
      { hosts: [{ ...host, addresses: [] }] },
      ['fail', 'host', 'shop.example.com does not resolve', true],
    ],
    [
      'a name that leads nowhere, with a certificate all the same',
      { hosts: [{ ...host, tls: 'own', addresses: [] }] },
      ['warn', 'host', 'shop.example.com does not resolve', true],
    ],
    [
      'a file that is wrong',
      { problems: ['environments/production.yml:7: services.gateway.publish.tls: the key'] },
      [
        'fail',
        'edge',
        'environments/production.yml:7: services.gateway.publish.tls: the key',
        true,
      ],
    ],
    [
      'a certificate',
      { certificates: [certificate(true, 60)] },
      ['ok', 'edge', 'the certificate of shop.example.com: 60 days left', false],
    ],
    [
      'a certificate that was not renewed',
      { certificates: [certificate(true, 10)] },
      ['warn', 'edge', 'the certificate of shop.example.com: 10 days left', true],
    ],
    [
      'a certificate of another host',
      { certificates: [certificate(false, 60)] },
      ['fail', 'edge', 'the edge serves a certificate that is not for shop.example.com', true],
    ],
    [
      'a certificate that nobody sees',
      { certificates: [{ ...certificate(true, 1), found: { problem: 'no answer' } }] },
      ['warn', 'edge', 'the certificate of shop.example.com could not be read: no answer', true],
    ],
  ])('%s', (_, facts, expected) => {
    expect(check(facts)).toEqual([expected]);
  });
});
