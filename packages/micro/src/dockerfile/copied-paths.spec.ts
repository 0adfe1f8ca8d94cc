import { expect, it } from 'vitest';
import { copiedPaths } from './copied-paths';

it('are those of one stage, however they are written', () => {
  const text = `FROM scratch AS artifact
FROM node AS prod-deps
COPY --from=artifact /*/app/package.json /*/app/*.tgz ./
COPY --link --from=Artifact /dist /app
COPY --from=other /x /y
COPY package.json ./
`;
  expect(copiedPaths(text, 'artifact')).toEqual(['/*/app/package.json', '/*/app/*.tgz', '/dist']);
});
