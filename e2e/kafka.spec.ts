import { describeBrokerPlatform } from './broker-platform.js';

describeBrokerPlatform({
  broker: 'kafka',
  deadLetters: 'events-dead.mailer.order.placed',
  own: 'PLT_KFK',
  others: 'x-dead-letter-strategy|AMQPError|Nats-Msg-Id|XGROUP',
});
