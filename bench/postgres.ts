import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const isRoot = process.getuid?.() === 0;

/** Debian's folder of one folder per version. */
const versions = '/usr/lib/postgresql';

/**
 * Starts an empty PostgreSQL cluster in a temporary folder, which listens on a Unix socket there.
 * It does not sync to the disk, because the local DynamoDB engine does not either. Returns
 * undefined if PostgreSQL is not installed.
 * @throws if the cluster does not start
 */
export function startPostgres(): { socketFolder: string; version: string; stop: () => void } | undefined {
  const binaries = findBinaries();
  if (!binaries) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'bench-postgres-'));
  const data = join(folder, 'data');
  const log = join(folder, 'log');
  const run = (program: string, ...args: string[]) => {
    const { status, stderr, error } = runAsOwner([join(binaries, program), ...args]);
    if (status !== 0) {
      throw new Error(
        `${program} failed: ${error?.message ?? stderr} ${existsSync(log) ? readFileSync(log, 'utf8') : ''}`,
      );
    }
  };
  const stop = () => {
    process.off('exit', stop);
    try {
      if (existsSync(join(data, 'postmaster.pid'))) run('pg_ctl', 'stop', '-D', data, '-m', 'immediate');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  process.once('exit', stop);
  // Without a listener, a signal ends the process without the event `exit`.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  if (isRoot) spawnSync('chown', ['postgres:', folder]);
  run('initdb', '-D', data, '-U', 'postgres', '-A', 'trust');
  run('pg_ctl', 'start', '-w', '-D', data, '-l', log, '-o', `-c listen_addresses= -c fsync=off -k ${folder}`);
  return { socketFolder: folder, version: readFileSync(join(data, 'PG_VERSION'), 'utf8').trim(), stop };
}

/** Runs a command, as the user postgres if this is root, because PostgreSQL refuses root. */
function runAsOwner(command: string[]) {
  const [program = '', ...args] = isRoot ? ['runuser', '-u', 'postgres', '--', ...command] : command;
  return spawnSync(program, args, { cwd: '/', encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
}

function findBinaries(): string | undefined {
  const folders = existsSync(versions)
    ? readdirSync(versions)
        .toSorted((a, b) => Number(b) - Number(a))
        .map((version) => join(versions, version, 'bin'))
    : [];
  return [...folders, ...(process.env.PATH ?? '').split(':')].find((folder) =>
    ['initdb', 'pg_ctl'].every((program) => existsSync(join(folder, program))),
  );
}
