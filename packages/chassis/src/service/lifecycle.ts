export type LifecycleState = 'starting' | 'ready' | 'stopping';

/** Where a service is in its life. It goes one way: what stops never becomes ready again. */
export class Lifecycle {
  #state: LifecycleState = 'starting';

  get state(): LifecycleState {
    return this.#state;
  }

  /** No effect once stopping. */
  ready(): void {
    if (this.#state === 'starting') this.#state = 'ready';
  }

  stop(): void {
    this.#state = 'stopping';
  }
}
