import { describeBroker } from '../testing/brokers/behaviour.js';
import { kafkaAdapter } from '../testing/brokers/kafka.js';

describeBroker(kafkaAdapter, () => undefined);
