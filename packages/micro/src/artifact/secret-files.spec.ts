import { expect, it } from 'vitest';
import { secretReason } from './secret-files';

const KEY = ['-----BEGIN', 'PRIVATE KEY-----\nMII\n'].join(' ');

it.each([
  ['.env', '', 'has a name of files for secrets'],
  ['config/.env.production', '', 'has a name of files for secrets'],
  ['production.env', '', 'has a name of files for secrets'],
  ['keys/id_rsa', '', 'has a name of files for secrets'],
  ['tls/server.p12', '', 'has a name of files for secrets'],
  ['tls/server.pem', KEY, 'holds a private key'],
  ['tls/server.key', KEY, 'holds a private key'],
  ['service-account.json', `{"private_key":"${KEY}"}`, 'holds a private key'],
  ['.npmrc', '//registry.example.com/:_authToken=abc\n', 'holds a token'],
  ['.ssh/known_hosts', '', 'is in a folder for credentials'],
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
])('accepts %s', (path, content) => {
  expect(secretReason(path, () => content)).toBeUndefined();
});
