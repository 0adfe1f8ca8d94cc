import { expect, it } from 'vitest';
import { deriveLambdaModule } from './lambda-module';

const derive = (current?: string) =>
  deriveLambdaModule({ name: 'orders', root: 'apps/orders' }, current);

const text = `// Kept by \`nx sync\` from service.yml: the service as an AWS Lambda function.
import { lambdaHandler } from '@org/chassis/lambda';
import { createApp } from './app.js';
import { variables } from './config.js';

export const handler = await lambdaHandler('orders', variables, createApp);
`;

it('exports the handler of the service', () => {
  expect(derive()).toEqual({
    path: 'apps/orders/src/lambda.ts',
    text,
    drift: ['the file is missing'],
  });
});

it("is in step in another workspace's format, and replaced if it was edited", () => {
  const formatted = text.replaceAll("'", '"').replaceAll(';', '');
  expect(derive(formatted)).toMatchObject({ text: formatted, drift: [] });
  expect(derive(`${text}export const more = 1;\n`)).toMatchObject({
    text,
    drift: ['it was edited; nx sync replaces it'],
  });
});
