export * from './events/order-cancelled.js';
export * from './events/order-confirmed.js';
export * from './events/payment-failed.js';
export * from './events/payment-requested.js';
export * from './events/payment-succeeded.js';
export * from './events/refund-requested.js';
