import { describe, expect, it } from 'vitest';
import { addressProblem, parseAddress } from './address.js';

/** Of a URL that is right. */
function parse(url: string) {
  expect(addressProblem(url)).toBeUndefined();
  return parseAddress(url);
}

it('says where topics and queues are', () => {
  expect(parse('sqs://eu-central-1/shop-production')).toEqual({
    region: 'eu-central-1',
    prefix: 'shop-production',
    account: undefined,
    endpoint: undefined,
  });
  expect(parse('sqs://us-gov-west-1/shop?account=123456789012')).toMatchObject({
    region: 'us-gov-west-1',
    account: '123456789012',
  });
  expect(parse('sqs://cn-north-1/shop?endpoint=http://localhost:4566')).toMatchObject({
    endpoint: 'http://localhost:4566',
  });
});

describe('refuses', () => {
  it.each([
    ['no region', 'sqs://localhost/shop'],
    ['no prefix', 'sqs://eu-central-1'],
    ['a prefix that could end anywhere', 'sqs://eu-central-1/shop_production'],
    ['two prefixes', 'sqs://eu-central-1/shop/production'],
    ['a port', 'sqs://eu-central-1:443/shop'],
    ['the URL of a queue', 'https://sqs.eu-central-1.amazonaws.com/123456789012/shop'],
  ])('%s', (_name, url) => {
    expect(addressProblem(url)).toBe(
      'must look like sqs://eu-central-1/shop-production: the region, and what the names of all topics and queues begin with',
    );
  });

  it('credentials, without showing them', () => {
    const url = 'sqs://AKIA:hunter2@eu-central-1/shop';
    const problem = addressProblem(url);
    expect(problem).toContain('Credentials come from where the AWS SDK finds them');
    expect(problem).not.toMatch(/hunter2|AKIA/);
  });

  it.each([
    ['account=1234', 'has an account that is no number of 12 digits'],
    ['endpoint=localhost:4566', 'has an endpoint that is no URL of HTTP'],
    ['prefix=shop', 'has a parameter that is neither account nor endpoint'],
  ])('%s', (query, problem) => {
    expect(addressProblem(`sqs://eu-central-1/shop?${query}`)).toBe(problem);
  });
});
