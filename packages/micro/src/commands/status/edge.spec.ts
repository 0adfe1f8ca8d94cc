import { describe, expect, it } from 'vitest';
import type { Publication } from '../../edge/publication';
import { runningContainer } from '../../testing/running-container';
import { plain } from '../shell';
import { type PlatformStatus, statusSchema } from './document';
import { type EdgeStatusFacts, reportEdge } from './edge';
import { formatStatus } from './format';
import { isInStep } from './report';

const NOW = new Date('2026-11-21T12:00:00Z');
const inDays = (days: number) => new Date(NOW.getTime() + days * 86_400_000);

const publication = (service: string, hosts: string[]): Publication => ({
  service,
  port: 3000,
  publish: { kind: 'host', hosts, tls: { kind: 'auto' }, http: 80, https: 443 },
});

const facts = (more: Partial<EdgeStatusFacts> = {}): EdgeStatusFacts => ({
  publications: [publication('gateway', ['shop.example.com'])],
  container: runningContainer({
    service: 'micro-edge',
    image: 'caddy:2',
    ports: [{ address: '0.0.0.0', port: 443, target: 8002 }],
  }),
  plan: { kind: 'keep' },
  certificates: new Map([
    ['shop.example.com', { kind: 'served', covers: true, from: inDays(-30), to: inDays(60) }],
  ]),
  ...more,
});

const status = (more: Partial<EdgeStatusFacts> = {}): PlatformStatus => ({
  ...{ version: 1, platform: 'acme', environment: 'production', project: 'acme-production' },
  ...{ services: [], backing: [], left: [], notes: [] },
  edge: reportEdge(facts(more), NOW),
});

describe('the edge in a report', () => {
  it('is shown with its ports, hosts and certificates', () => {
    const report = status();
    expect(statusSchema.parse(report)).toEqual(report);
    expect(isInStep(report)).toBe(true);
    expect(report.edge).toEqual({
      image: 'caddy:2',
      since: '2026-11-21T11:00:00.5Z',
      health: 'healthy',
      drift: [],
      ports: ['0.0.0.0:443'],
      hosts: [
        {
          host: 'shop.example.com',
          service: 'gateway',
          tls: 'auto',
          url: 'https://shop.example.com',
          certificateUntil: inDays(60).toISOString(),
        },
      ],
    });
    const text = formatStatus(report, NOW.getTime(), plain).join('\n');
    expect(text).toMatch(/✓ +edge +up to date +caddy:2 +healthy +60 min ago|✓ +edge +up to date/);
    expect(text).toContain('https://shop.example.com leads to gateway, certificate: 60 days left');
    expect(text).toContain('ports 0.0.0.0:443');
  });

  it.each<[string, Partial<EdgeStatusFacts>, string[]]>([
    [
      'that does not run',
      {
        container: undefined,
        certificates: new Map(),
        plan: { kind: 'create', reason: 'it is not running', takesFrom: [] },
      },
      ['it is not running'],
    ],
    [
      'with another configuration',
      { plan: { kind: 'reload', reason: 'its configuration changed' } },
      ['its configuration changed'],
    ],
    [
      'without a certificate',
      { certificates: new Map([['shop.example.com', { kind: 'unknown', problem: 'alert 80' }]]) },
      ['no certificate for shop.example.com: alert 80'],
    ],
    [
      'whose certificate ends soon',
      {
        certificates: new Map([
          ['shop.example.com', { kind: 'served', covers: true, from: inDays(-85), to: inDays(5) }],
        ]),
      },
      ['the certificate of shop.example.com is valid until 2026-11-26T12:00Z'],
    ],
  ])('%s is not up to date', (_, more, drift) => {
    const report = status(more);
    expect(report.edge?.drift).toEqual(drift);
    expect(isInStep(report)).toBe(false);
    const text = formatStatus(report, NOW.getTime(), plain).join('\n');
    for (const cause of drift) expect(text).toContain(cause);
  });

  it('that could not be compared is not taken for right', () => {
    const report = status({ plan: undefined, problem: 'secrets/key.pem: no such file' });
    expect(isInStep(report)).toBe(false);
    expect(formatStatus(report, NOW.getTime(), plain).join('\n')).toMatch(
      /! +edge +not compared[^]*secrets\/key\.pem: no such file/,
    );
  });
});
