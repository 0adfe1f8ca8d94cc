export { type ServiceKeyOptions, serviceKeys } from './auth/service-keys.js';
