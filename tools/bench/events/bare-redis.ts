import { Redis } from 'ioredis';
import { PREFETCH, runLoad, type Order } from './load.js';

/** As its manual shows it: an entry of a stream, read by a consumer group, acknowledged and deleted. */
void runLoad(async (url, onOrder) => {
  const [publisher, reader] = [new Redis(url), new Redis(url)];
  const [stream, group] = ['bare', 'bare'];
  await publisher.del(stream);
  await publisher.xgroup('CREATE', stream, group, '0', 'MKSTREAM');
  const take = () =>
    reader.xreadgroup(
      ...(['GROUP', group, 'one', 'COUNT', PREFETCH, 'BLOCK', 1000] as const),
      ...(['STREAMS', stream, '>'] as const),
    );
  let isClosing = false;
  const consumed = (async () => {
    while (!isClosing) {
      const answer = (await take()) as [string, [id: string, fields: string[]][]][] | null;
      for (const [id, fields] of answer?.[0]?.[1] ?? []) {
        onOrder(JSON.parse(fields[1]!) as Order);
        void publisher.multi().xack(stream, group, id).xdel(stream, id).exec();
      }
    }
  })();
  return {
    publish: (order) => publisher.xadd(stream, '*', 'body', JSON.stringify(order)),
    close: async () => {
      isClosing = true;
      await consumed;
      await Promise.all([publisher.quit(), reader.quit()]);
    },
  };
});
