export { rateLimit, type RateLimitOptions } from './gateway/rate-limit.js';
