import { WebSocket } from 'ws';

/** More than this waiting to be sent stops what would add to it. */
const FULL_BYTES = 1_048_576;
/** It continues when no more than this is left. */
const LOW_BYTES = 262_144;
const LOOK_MS = 20;

/** Does not read from `source` while `target` cannot take more: a side that does not read fills no memory. */
export function relieve(source: WebSocket, target: WebSocket): void {
  source.on('message', () => {
    if (source.isPaused || target.bufferedAmount <= FULL_BYTES) return;
    source.pause();
    const look = setInterval(() => {
      const isOver = target.readyState !== WebSocket.OPEN || source.readyState !== WebSocket.OPEN;
      if (!isOver && target.bufferedAmount > LOW_BYTES) return;
      clearInterval(look);
      // Also at the end: a paused side would never see that the other is gone.
      source.resume();
    }, LOOK_MS);
  });
}

/** Pings both sides, and cuts off one of which nothing was heard, and which took nothing, since the last but one ping. */
export function keepAlive(sides: readonly WebSocket[], everyMs: number): void {
  const timers = sides.map((side) => {
    let heard = true;
    let waiting = 0;
    for (const event of ['message', 'ping', 'pong'] as const) side.on(event, () => (heard = true));
    return setInterval(() => {
      const tookSome = side.bufferedAmount < waiting;
      waiting = side.bufferedAmount;
      // What is paused is not heard: the other side is what it waits for.
      if (!heard && !tookSome && !side.isPaused) return side.terminate();
      heard = false;
      if (side.readyState === WebSocket.OPEN) side.ping();
    }, everyMs);
  });
  for (const side of sides)
    side.once('close', () => timers.forEach((timer) => clearInterval(timer)));
}
