import { describeBrokerPlatform } from './broker-platform.js';

describeBrokerPlatform({
  broker: 'redis',
  deadLetters: 'events:dead:mailer:order.placed',
  own: 'XGROUP',
  others: 'x-dead-letter-strategy|AMQPError|Nats-Msg-Id|PLT_KFK',
});
