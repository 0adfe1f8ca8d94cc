import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { kafkaScript } from './kafka-entry';

/** What the script gives to Kafka's programs, which only say how they were called. */
function start(environment: Record<string, string>) {
  const root = temporaryWorkspace({});
  mkdirSync(join(root, 'bin'));
  for (const name of ['kafka-storage.sh', 'kafka-server-start.sh']) {
    const file = join(root, 'bin', name);
    writeFileSync(file, '#!/bin/sh\necho "${0##*/} $* [$KAFKA_HEAP_OPTS]"\n');
    chmodSync(file, 0o755);
  }
  const script = kafkaScript('broker').replaceAll('/tmp', root).replaceAll('/opt/kafka', root);
  const variables = { PATH: process.env['PATH'], KAFKA_USER: 'platform', ...environment };
  const { stdout, stderr, status } = spawnSync('bash', ['-ec', script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { KAFKA_PASSWORD: 'hunter2', ...variables },
  });
  const settings = readFileSync(join(root, 'server.properties'), 'utf8');
  return {
    calls: stdout.replaceAll(root, '/tmp').trim().split('\n'),
    ...{ stderr, status },
    settings: new Map(
      settings
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    ),
    client: readFileSync(join(root, 'client.properties'), 'utf8'),
    log: readFileSync(join(root, 'log4j2.properties'), 'utf8'),
  };
}

it('formats its folder if that is new, and starts', () => {
  const { calls, status, stderr } = start({});
  expect([status, stderr]).toEqual([0, '']);
  expect(calls).toEqual([
    'kafka-storage.sh format --ignore-formatted --cluster-id b3JnLW1pY3JvLWthZmthIQ --config /tmp/server.properties [-Xms512m -Xmx512m]',
    'kafka-server-start.sh /tmp/server.properties [-Xms512m -Xmx512m]',
  ]);
});

it('is reached by containers under its name, and by this machine under a port of it', () => {
  const advertised = 'advertised.listeners';
  expect(start({}).settings.get(advertised)).toBe('INSIDE://broker:9092,OUTSIDE://127.0.0.1:9094');
  const { settings } = start({ KAFKA_OUTSIDE_PORT: '13000' });
  expect(settings.get(advertised)).toBe('INSIDE://broker:9092,OUTSIDE://127.0.0.1:13000');
});

it('asks for the password at both, and keeps its promises', () => {
  const { settings, client, log } = start({});
  const login =
    'org.apache.kafka.common.security.plain.PlainLoginModule required username="platform" password="hunter2" user_platform="hunter2";';
  for (const listener of ['inside', 'outside']) {
    expect(settings.get(`listener.name.${listener}.plain.sasl.jaas.config`)).toBe(login);
  }
  expect(client.split('\n')).toContain(`sasl.jaas.config=${login}`);
  expect(settings.get('listener.security.protocol.map')).toBe(
    'INSIDE:SASL_PLAINTEXT,OUTSIDE:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
  );
  expect(settings.get('listeners')).toContain('CONTROLLER://127.0.0.1:9093');
  expect(settings.get('log.flush.interval.messages')).toBe('1');
  expect(settings.get('auto.create.topics.enable')).toBe('false');
  // Topics keep events for 7 days.
  expect(Number(settings.get('offsets.retention.minutes'))).toBeGreaterThan(7 * 24 * 60);
  // The least that the server allows is 45 s, unless it is told otherwise.
  expect(settings.get('group.consumer.session.timeout.ms')).toBe('15000');
  expect(settings.get('group.consumer.min.session.timeout.ms')).toBe('15000');
  expect(log).toContain('appender.console.layout.pattern=%d %p %m (%c)%n\n');
});

it('takes as much memory as a person says', () => {
  expect(start({ KAFKA_HEAP_OPTS: '-Xmx2g' }).calls[1]).toContain('[-Xmx2g]');
});
