import { expect, it } from 'vitest';
import { sumUp, type ContainerEvent } from './touched.js';

const of = (service: string, project = 'shop') => ({
  'com.docker.compose.project': project,
  'com.docker.compose.service': service,
});

const event = (
  Action: ContainerEvent['Action'],
  Attributes: Record<string, string>,
): ContainerEvent => ({ Action, Actor: { Attributes } });

it('counts what happened to the containers of one project, and its records separately', () => {
  const events = [
    event('create', of('orders')),
    event('start', of('orders')),
    event('die', of('users')),
    event('start', of('users')),
    event('create', of('orders', 'another')),
    event('create', { 'org.micro.project': 'shop' }),
    event('destroy', { 'org.micro.project': 'shop' }),
  ];
  expect(sumUp(events, 'shop')).toEqual({
    ...{ made: 1, started: 2, stopped: 1, removed: 0 },
    services: ['orders', 'users'],
    notes: 1,
  });
});
