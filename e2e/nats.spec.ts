import { describeBrokerPlatform } from './broker-platform.js';

describeBrokerPlatform({
  broker: 'nats',
  deadLetters: 'events-dead.mailer.order.placed',
  own: 'Nats-Msg-Id',
  others: 'x-dead-letter-strategy|AMQPError|XGROUP|PLT_KFK',
});
