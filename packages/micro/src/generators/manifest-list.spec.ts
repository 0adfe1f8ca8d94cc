import { describe, expect, it } from 'vitest';
import { parseManifest } from '../platform/manifest';
import { addToList } from './manifest-list';

describe('adding to a list of a manifest', () => {
  it.each([
    ['no list', 'port: 3001\nreplicas: 2\n', 'port: 3001\nconsumes: [users]\nreplicas: 2\n'],
    [
      'a comment behind the port',
      'port: 3001   # ours\nkind: worker',
      'port: 3001   # ours\nconsumes: [users]\nkind: worker',
    ],
    ['no newline at the end', 'port: 3001', 'port: 3001\nconsumes: [users]'],
    ['an empty list', 'port: 3001\nconsumes: []\n', 'port: 3001\nconsumes: [users]\n'],
    [
      'a list on one line',
      'consumes: [ billing ]  # paid\nport: 3001\n',
      'consumes: [ billing, users ]  # paid\nport: 3001\n',
    ],
    [
      'a list over several lines',
      'consumes: [\n  billing, # paid\n  "stock",\n]\nport: 3001\n',
      'consumes: [\n  billing, # paid\n  "stock", users,\n]\nport: 3001\n',
    ],
    [
      'a list with dashes',
      'consumes:\n  # money\n  - billing # paid\nport: 3001\n',
      'consumes:\n  # money\n  - billing # paid\n  - users\nport: 3001\n',
    ],
    [
      'dashes without indentation, at the end',
      'port: 3001\nconsumes:\n- billing',
      'port: 3001\nconsumes:\n- billing\n- users',
    ],
    [
      'CRLF',
      'port: 3001\r\nkind: worker\r\n',
      'port: 3001\r\nconsumes: [users]\r\nkind: worker\r\n',
    ],
    ['the provider already', 'port: 3001\nconsumes: [users]\n', 'port: 3001\nconsumes: [users]\n'],
    [
      'the provider in quotes',
      "port: 3001\nconsumes: ['users']\n",
      "port: 3001\nconsumes: ['users']\n",
    ],
  ])('with %s', (_, before, after) => {
    expect(addToList(before, 'consumes', 'users')).toBe(after);
    expect(addToList(after, 'consumes', 'users')).toBe(after);
    expect(parseManifest('service.yml', after).read?.manifest.consumes).toContain('users');
  });

  it.each([
    ['after the broker', 'port: 3001\nbroker: rabbitmq # one\nreplicas: 2\n', 'publishes'],
    [
      'after what it publishes',
      'port: 3001\nbroker: rabbitmq\npublishes: [a.b] # one\n',
      'subscribes',
    ],
    [
      'after a block',
      'port: 3001\nbroker: rabbitmq\npublishes:\n  - a.b # one\n\nreplicas: 2\n',
      'subscribes',
    ],
  ] as const)('goes %s', (_, before, key) => {
    expect(addToList(before, key, 'order.placed')).toBe(
      before.replace('# one\n', `# one\n${key}: [order.placed]\n`),
    );
  });
});
