import { describe, expect, it } from 'vitest';
import { findReadsBeside } from './sibling-file-reads';

/** A package with data beside its code, and one of code alone. */
const FILES = [
  'package.json',
  'data/fonts.json',
  'lib/fonts.json',
  'lib/engine.wasm',
  'lib/worker.js',
  'lib/index.js',
  'views',
];
const files = {
  has: (path: string) => FILES.some((file) => file === path || file.startsWith(`${path}/`)),
  hasData: () => true,
};
const read = (code: string, more = files) =>
  findReadsBeside(code, 'lib/index.js', more).map(({ what }) => what);

describe('findReadsBeside', () => {
  it.each([
    [`fs.readFileSync(path.join(__dirname, 'fonts.json'))`, ['lib/fonts.json']],
    [`fs.readFileSync(__dirname + '/fonts.json')`, ['lib/fonts.json']],
    ['fs.promises.readFile(`${__dirname}/../data/fonts.json`)', ['data/fonts.json']],
    [`fs.readFileSync(path.resolve(__dirname, '..', 'data', 'fonts.json'))`, ['data/fonts.json']],
    [
      `const here = path.dirname(fileURLToPath(import.meta.url)); readFile(join(here, 'fonts.json'))`,
      ['lib/fonts.json'],
    ],
    [`readFileSync(new URL('./fonts.json', import.meta.url))`, ['lib/fonts.json']],
    [`readFileSync(join(import.meta.dirname, 'fonts.json'))`, ['lib/fonts.json']],
    [`readFileSync(fileURLToPath(import.meta.resolve('./fonts.json')))`, ['lib/fonts.json']],
    [`fs.readFileSync(require.resolve('./fonts.json'))`, ['lib/fonts.json']],
    [`const load = createRequire(import.meta.url); load('./fonts.json')`, ['lib/fonts.json']],
    [`createRequire(import.meta.url)('../data/fonts.json')`, ['data/fonts.json']],
    [`const r = createRequire(import.meta.url); r('left-pad')`, ['left-pad']],
    [`new Worker(path.join(__dirname, 'worker.js'))`, ['lib/worker.js']],
    [`new Worker(new URL('./worker.js', import.meta.url))`, ['lib/worker.js']],
    [`fork(__filename)`, ['lib/index.js']],
    [
      `WebAssembly.compile(readFileSync((0, p.join)(__dirname, 'engine.wasm')))`,
      ['lib/engine.wasm'],
    ],
    [`app.set('views', path.join(__dirname, '../views'))`, ['views']],
    ['exports.load = (name) => fs.readFileSync(path.join(__dirname, `${name}.json`))', ['lib/*']],
    [`let base = process.env.X || path.join(__dirname, '../data'); readdirSync(base)`, ['data']],
    [`module.exports = () => require('path').resolve(__dirname)`, ['lib']],
    [
      `const here = new URL('.', import.meta.url).pathname; readFileSync(here + 'fonts.json')`,
      ['lib/fonts.json'],
    ],
    [
      'const here = fileURLToPath(new URL("../data/", import.meta.url)); open(`${here}fonts.json`)',
      ['data/fonts.json'],
    ],
    [`fs.readFileSync(path.join(__dirname, '../data/') + 'fonts.json')`, ['data/fonts.json']],
    [`fs.readFileSync(__dirname + '/' + 'fonts.json')`, ['lib/fonts.json']],
    [`fs.readFileSync(__dirname + '/fonts' + '.json')`, ['lib/fonts.json']],
    [`fs.readFileSync(path.join(path.dirname(module.filename), 'fonts.json'))`, ['lib/fonts.json']],
    [`fs.readFileSync(path.parse(__filename).dir + '/fonts.json')`, ['lib/fonts.json']],
  ])('%s', (code, expected) => {
    expect(read(code)).toEqual(expected);
  });

  it.each([
    `console.log('no place at all')`,
    `if (process.argv[1] === fileURLToPath(import.meta.url)) main()`,
    `typeof __dirname !== 'undefined'`,
    `const __dirname = dirname(fileURLToPath(import.meta.url));`,
    `const require = createRequire(import.meta.url); const fs = require('fs'); require('node:path')`,
    `readFileSync(join(__dirname, 'gone.json'))`,
    `require('./data.json')`,
    `import data from './fonts.json'`,
    `debug(__filename)`,
    `try { version = JSON.parse(readFileSync(join(__dirname, '../package.json'))).version } catch {}`,
    `try { require.resolve('optional-package') } catch {}`,
    `const x = {`,
  ])('finds nothing in %s', (code) => {
    expect(read(code)).toEqual([]);
  });

  it('ignores reads of the own folder if there is only code in it', () => {
    const code = `register(__dirname)`;
    expect(read(code)).toEqual(['lib']);
    expect(read(code, { ...files, hasData: () => false })).toEqual([]);
  });

  it('reports the place', () => {
    const code = `'use strict'\nconst path = require('path')\nload(path.join(__dirname, 'fonts.json'))\n`;
    expect(findReadsBeside(code, 'lib/index.js', files)).toEqual([
      { line: 3, what: 'lib/fonts.json' },
    ]);
  });
});
