import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mustRun } from '../tools/command.js';
import { describeEngine } from '../tools/testing/describe-engine.js';
import { freshWorkspace, type FreshWorkspace } from './fresh-workspace.js';

const CATALOG = 'apps/catalog/src/schema.graphql';
const REVIEWS = 'apps/reviews/src/schema.graphql';

const QUERY = '{ catalogItems { name rating } reviewsItem(id: 1) { name } }';

describeEngine('GraphQL over two services', () => {
  let fresh: FreshWorkspace;

  beforeAll(async () => {
    fresh = await freshWorkspace();
    const { workspace } = fresh;
    await workspace.nx('g', '@org/micro:service', 'catalog', '--graphql', '--auth=service-keys');
    await workspace.nx('g', '@org/micro:service', 'reviews', '--graphql');
    await workspace.edit(
      REVIEWS,
      'type ReviewsItem',
      'type CatalogItem @key(fields: "id") {\n  id: ID!\n  rating: Int\n}\n\ntype ReviewsItem',
    );
    await workspace.edit(
      'apps/reviews/src/resolvers.ts',
      '  ReviewsItem: {',
      '  CatalogItem: {\n    __resolveReference: ({ id }: { id: string }) => ({ id, rating: 5 }),\n  },\n  ReviewsItem: {',
    );
    await workspace.nx('g', '@org/micro:gateway', 'gateway', '--graphql');
    await workspace.commit('GraphQL over catalog and reviews');
  });

  afterAll(() => fresh?.remove());

  it('is in sync, and passes lint, tests, compiler and build as generated', async () => {
    const { workspace } = fresh;
    expect(await workspace.read('apps/gateway/src/supergraph.graphql')).toContain('rating: Int');
    await workspace.nx('sync:check');
    await workspace.nx('run-many', '-t', 'lint', 'test', 'typecheck', 'build');
    expect(await workspace.git('status', '--porcelain')).toBe('');
    const bundled = (service: string) => workspace.read(`dist/apps/${service}/app/main.js`);
    expect(await bundled('catalog')).not.toContain('stitch');
    expect(await bundled('gateway')).not.toContain('is no type with a key');
  });

  it('is composed anew if a schema changed, and only then', async () => {
    const { workspace } = fresh;
    const build = async () =>
      stripVTControlCharacters((await workspace.startNx(['build', 'gateway']).ended).output);
    await build();
    await workspace.edit('apps/catalog/src/resolvers.ts', 'First item', 'Best item');
    expect(await build()).toMatch(/Cache: +2\/2 hit/);
    await workspace.edit(CATALOG, 'type CatalogItem', '# a comment\ntype CatalogItem');
    const composed = await build();
    expect(composed).toContain('catalog, reviews');
    expect(composed).toMatch(/Cache: +1\/2 hit/);
    await workspace.edit(REVIEWS, 'rating: Int', 'name: Int');
    const failed = await workspace.startNx(['build', 'gateway']).ended;
    expect(failed.exitCode).not.toBe(0);
    expect(failed.output).toMatch(
      /apps\/reviews\/src\/schema\.graphql:\d+: Type of field "CatalogItem\.name" is incompatible/,
    );
    await workspace.git('checkout', '--', '.');
  });

  it('is answered from both, and from what is left if one is down', async () => {
    const { workspace } = fresh;
    await workspace.nx('run-many', '-t', 'compose-deploy');
    const container = async (service: string) =>
      (
        await mustRun('docker', [
          'ps',
          '-q',
          '--filter',
          `label=com.docker.compose.project=${workspace.name}-development`,
          '--filter',
          `label=com.docker.compose.service=${service}`,
        ])
      ).trim();
    const gateway = await container('gateway');
    const ask = async (): Promise<unknown> => {
      const body = JSON.stringify(JSON.stringify({ query: QUERY }));
      const code = `fetch('http://127.0.0.1:' + process.env.PORT + '/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: ${body} }).then(async (r) => console.log(await r.text()))`;
      return JSON.parse(await mustRun('docker', ['exec', gateway, 'node', '-e', code]));
    };
    const names = ['First item of catalog', 'Second item of catalog'];
    expect(await ask()).toEqual({
      data: {
        catalogItems: names.map((name) => ({ name, rating: 5 })),
        reviewsItem: { name: 'First item of reviews' },
      },
    });
    await mustRun('docker', ['stop', '--time', '5', await container('reviews')]);
    const answer = (await ask()) as { data: object; errors: { extensions: object }[] };
    expect(answer.data).toEqual({
      catalogItems: names.map((name) => ({ name, rating: null })),
      reviewsItem: null,
    });
    for (const { extensions } of answer.errors)
      expect(extensions).toMatchObject({ service: 'reviews' });
    expect(answer.errors).toHaveLength(3);
  });
});
