export {
  cors,
  type CorsOptions,
  jsonBodies,
  type JsonBodyOptions,
  securityHeaders,
  type SecurityHeadersOptions,
} from './service/web.js';
