let end: Promise<void> | undefined;

/**
 * Resolves at the end of this turn of the event loop, for all who wait for it at once. What they send then is one write
 * to the socket: for a single message, the write costs most.
 */
export function endOfTurn(): Promise<void> {
  return (end ??= new Promise((resolve) => {
    setImmediate(() => {
      end = undefined;
      resolve();
    });
  }));
}
