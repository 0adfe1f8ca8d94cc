export type LifecycleState = 'starting' | 'ready' | 'stopping';

/** The state of a service. It only moves forward: a stopping service never becomes ready again. */
export class Lifecycle {
  #state: LifecycleState = 'starting';

  get state(): LifecycleState {
    return this.#state;
  }

  /** No effect during a stop. */
  ready(): void {
    if (this.#state === 'starting') this.#state = 'ready';
  }

  stop(): void {
    this.#state = 'stopping';
  }
}
