const most = 1_000;

/** The most recent entries, newest first. Listeners are notified of each change. */
export class Feed<T> {
  #entries: T[] = [];
  readonly #listeners = new Set<() => void>();

  add(entry: T): T {
    this.#entries = [entry, ...this.#entries].slice(0, most);
    this.#tell();
    return entry;
  }

  all(): T[] {
    return this.#entries;
  }

  clear(): void {
    this.#entries = [];
    this.#tell();
  }

  /** Returns a function that stops listening. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
