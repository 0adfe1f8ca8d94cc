import { expect, it } from 'vitest';
import { secretReason } from './secret-files';

const KEY = ['-----BEGIN', 'PRIVATE KEY-----\nMII\n'].join(' ');

it.each([
  ['.env', '', 'is a file for secrets'],
  ['config/.env.production', '', 'is a file for secrets'],
  ['production.env', '', 'is a file for secrets'],
  ['keys/id_rsa', '', 'is a file for secrets'],
  ['tls/server.p12', '', 'is a file for secrets'],
  ['tls/server.pem', KEY, 'holds a private key'],
  ['tls/server.key', KEY, 'holds a private key'],
  ['service-account.json', `{"private_key":"${KEY}"}`, 'holds a private key'],
  ['.npmrc', '//registry.example.com/:_authToken=abc\n', 'holds a token'],
  ['.ssh/known_hosts', '', 'lies in a folder for credentials'],
])('%s: %s', (path, content, reason) => {
  expect(secretReason(path, () => content)).toContain(reason);
});

it.each([
  ['.env.example', ''],
  ['.env.sample', ''],
  ['tls/ca.pem', '-----BEGIN CERTIFICATE-----\nMII\n'],
  [
    '.npmrc',
    'registry=https://registry.example.com\n//registry.example.com/:_authToken=${NPM_TOKEN}\n',
  ],
  ['translations/de.json', '{"key":"Schlüssel"}'],
  ['templates/mail.html', KEY],
  ['environment.json', '{}'],
])('lets %s through', (path, content) => {
  expect(secretReason(path, () => content)).toBeUndefined();
});
