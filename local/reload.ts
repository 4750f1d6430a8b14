import { type FSWatcher, watch } from 'node:fs';
import { Rebundler } from './bundle.ts';
import type { Lambda } from './lambda.ts';

/** An editor writes a file in several steps. */
const settledMs = 50;

interface Sources {
  /** The folder of the service. */
  folder: string;
  bundles: string;
  /** The folders of the source files that were bundled first. */
  folders: readonly string[];
}

/**
 * Bundles the functions again when a source file changes, and has them run from the next request
 * on. The process goes on, and with it the inbox, the clock and the table. Functions whose source
 * cannot be bundled run as they were.
 * @returns how to stop
 */
export function reloadOnChange(sources: Sources, lambda: Lambda, print: (line: string) => void): () => Promise<void> {
  const rebundler = new Rebundler(sources.folder, sources.bundles);
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();

  function watchAll(folders: readonly string[]): void {
    for (const folder of folders) {
      if (!watchers.has(folder))
        watchers.set(
          folder,
          watch(folder, (_, file) => schedule(file)),
        );
    }
  }

  function schedule(file: string | null): void {
    if (file && (!/\.(ts|json|css|js)$/.test(file) || file.endsWith('.test.ts'))) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      running = running.then(() => reload(file));
    }, settledMs);
  }

  async function reload(file: string | null): Promise<void> {
    const startedAtMs = performance.now();
    try {
      const { outdir, folders } = await rebundler.bundle();
      lambda.loadFrom(outdir);
      watchAll(folders);
      print(
        `${file ?? 'A file'} changed; the functions were reloaded in ${Math.round(performance.now() - startedAtMs)} ms.`,
      );
    } catch {
      print(`${file ?? 'A file'} changed, but the functions cannot be bundled; they run as they were.`);
    }
  }

  watchAll(sources.folders);
  return async () => {
    clearTimeout(timer);
    for (const watcher of watchers.values()) watcher.close();
    await running;
    await rebundler.stop();
  };
}
