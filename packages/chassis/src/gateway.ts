export {
  gateway,
  type Aggregate,
  type AggregatePart,
  type FieldChanges,
  type Gateway,
  type GatewayOptions,
  type HeaderChanges,
  type Provider,
  type ProviderRoute,
  type RouteLimit,
} from './gateway/gateway.js';
export type { ProviderHealth } from './gateway/provider-health.js';
export type { WebSocketLimits } from './gateway/websocket.js';
