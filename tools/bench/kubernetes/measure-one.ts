import { measureScale } from './measure-scale.js';

/** One reading as JSON: `tsx measure-one.ts 1000`. */
console.log(JSON.stringify(measureScale(Number(process.argv[2]))));
