export { type ConsulOptions, fromConsul } from './calls/consul.js';
