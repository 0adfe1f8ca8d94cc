import { WebSocket } from 'ws';

/** If more bytes than this wait to be sent, reading from the other side pauses. */
const FULL_BYTES = 1_048_576;
/** Reading continues when this many bytes or fewer are left. */
const LOW_BYTES = 262_144;
const LOOK_MS = 20;

/** Pauses `source` while `target` cannot take more. So a side that does not read fills no memory. */
export function relieve(source: WebSocket, target: WebSocket): void {
  source.on('message', () => {
    if (source.isPaused || target.bufferedAmount <= FULL_BYTES) return;
    source.pause();
    const look = setInterval(() => {
      const isOver = target.readyState !== WebSocket.OPEN || source.readyState !== WebSocket.OPEN;
      if (!isOver && target.bufferedAmount > LOW_BYTES) return;
      clearInterval(look);
      // Also at the end: a paused side would not notice that the other one is gone.
      source.resume();
    }, LOOK_MS);
  });
}

/** Pings both sides. Cuts off a side that has neither sent nor accepted anything since the ping before the last. */
export function keepAlive(sides: readonly WebSocket[], everyMs: number): void {
  const timers = sides.map((side) => {
    let heard = true;
    let waiting = 0;
    for (const event of ['message', 'ping', 'pong'] as const) side.on(event, () => (heard = true));
    return setInterval(() => {
      const tookSome = side.bufferedAmount < waiting;
      waiting = side.bufferedAmount;
      // A paused side cannot be heard, because it waits for the other one.
      if (!heard && !tookSome && !side.isPaused) return side.terminate();
      heard = false;
      if (side.readyState === WebSocket.OPEN) side.ping();
    }, everyMs);
  });
  for (const side of sides)
    side.once('close', () => timers.forEach((timer) => clearInterval(timer)));
}
