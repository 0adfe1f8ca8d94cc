import { expect, it } from 'vitest';
import { derivePort } from './dockerfile-edit';

const derive = (text: string) => derivePort('apps/orders/Dockerfile', text, 3009);

it.each([
  [
    'FROM node\nENV NODE_ENV=production PORT=3001\nEXPOSE 3001\n',
    'FROM node\nENV NODE_ENV=production PORT=3009\nEXPOSE 3009\n',
  ],
  ['FROM node\nENV PORT 3001\n', 'FROM node\nENV PORT 3009\n'],
  [
    'FROM node\r\nENV PORT="3001"\r\nEXPOSE 3001/tcp\r\n',
    'FROM node\r\nENV PORT="3009"\r\nEXPOSE 3009/tcp\r\n',
  ],
  [
    'FROM node\nENV A=3001 \\\n  # the port\n  PORT=3001 B=3001\nEXPOSE 9229 3001\n',
    'FROM node\nENV A=3001 \\\n  # the port\n  PORT=3009 B=3001\nEXPOSE 9229 3009\n',
  ],
  ['FROM node\nEXPOSE 8080\n', 'FROM node\nEXPOSE 3009\n'],
])('%j', (before, after) => {
  const { text, drift } = derive(before);
  expect(text).toBe(after);
  expect(drift.length).toBeGreaterThan(0);
  expect(derive(after)).toMatchObject({ text: after, drift: [] });
});

it.each([
  'FROM node\n',
  'FROM node\nENV PORT=$APP_PORT\nEXPOSE $APP_PORT 9229\n',
  'FROM node\nENV APP_PORT=3001 PORT=3009\nEXPOSE 3009 9229\n',
  'FROM node\nRUN echo PORT=3001\n# EXPOSE 3001\n',
])('%j is left alone', (text) => {
  expect(derive(text)).toMatchObject({ text, drift: [] });
});

it('says what drifted', () => {
  expect(derive('FROM node\nENV PORT=3001\nEXPOSE 3001\n').drift).toEqual([
    'ENV PORT is 3001, the manifest says 3009',
    'EXPOSE is 3001, the manifest says 3009',
  ]);
});
