export type { BreakerOptions } from './calls/circuit-breaker.js';
export {
  type Answer,
  type CallOptions,
  type Client,
  type ClientOptions,
  createClient,
  type Method,
  type Path,
} from './calls/client.js';
export {
  type Discover,
  DiscoveryError,
  type DnsOptions,
  fromDns,
  fromEnvironment,
  inOrder,
} from './calls/discovery.js';
export { ServiceCallError } from './calls/service-call-error.js';
