export { apiDocs, type ApiDocsOptions } from './gateway/api-docs.js';
