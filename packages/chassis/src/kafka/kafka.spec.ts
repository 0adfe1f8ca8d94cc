import { describeWithoutServer } from '../testing/brokers/without-server.js';
import { kafka } from './kafka.js';
import { replayDeadLetters } from './replay.js';

describeWithoutServer({
  url: (port) => `kafka://platform:hunter2@127.0.0.1:${port}`,
  connect: kafka,
  replay: replayDeadLetters,
});
