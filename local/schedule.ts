/** Short, so that a due change appears at once. A deployed stage runs its schedules less often. */
const everyMs = 5_000;

/** Runs scheduled functions here. `run` runs them at once, after the clock has moved. */
export function startSchedule(functions: readonly (() => Promise<unknown>)[]): {
  run: () => Promise<void>;
  stop: () => void;
} {
  let running = Promise.resolve();
  const run = () => {
    // The invocation has printed its error.
    running = running.then(() => Promise.allSettled(functions.map((invoke) => invoke()))).then(() => undefined);
    return running;
  };
  const timer = setInterval(run, everyMs);
  return { run, stop: () => clearInterval(timer) };
}
