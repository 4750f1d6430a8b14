import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const { prepare } = JSON.parse(readFileSync('package.json', 'utf8')).scripts;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hooks-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('npm ci in a checkout enables the hooks', () => {
  run('git', ['init', '-q']);
  expect(run('sh', ['-c', prepare])).toMatchObject({ status: 0, stderr: '' });
  expect(readHooksPath()).toBe('.githooks');
});

test('npm ci does not change existing hooks', () => {
  run('git', ['init', '-q']);
  run('git', ['config', 'core.hooksPath', 'mine']);
  run('sh', ['-c', prepare]);
  expect(readHooksPath()).toBe('mine');
});

test('npm ci in CI installs no hooks', () => {
  run('git', ['init', '-q']);
  expect(run('sh', ['-c', prepare], { CI: 'true' })).toMatchObject({ status: 0, stderr: '' });
  expect(readHooksPath()).toBe('');
});

test('npm ci in an unpacked archive succeeds without hooks', () => {
  expect(run('sh', ['-c', prepare])).toMatchObject({ status: 0, stderr: '' });
});

test('npm ci in a checkout without git succeeds', () => {
  mkdirSync(join(folder, '.git'));
  expect(run('/bin/sh', ['-c', prepare], { PATH: '/nowhere' }).status).toBe(0);
});

test('a commit is rejected if a file is badly formatted, and accepted otherwise', () => {
  makeProject();
  expect(commit('bad.ts', 'export const a={b:1}\n')).toMatchObject({ status: 1 });
  expect(commit('bad.ts', 'export const a = { b: 1 };\n')).toMatchObject({ status: 0 });
});

test('a commit with an unknown type is rejected', () => {
  makeProject();
  const result = commit('wrong.ts', "export const a: number = 'b';\n");
  expect(result.status).not.toBe(0);
  expect(result.stdout + result.stderr).toContain('TS2322');
});

/** Creates a small repository with our hooks and our tools. */
function makeProject(): void {
  run('git', ['init', '-q']);
  run('git', ['config', 'core.hooksPath', resolve('.githooks')]);
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  copyFileSync('biome.json', join(folder, 'biome.json'));
  writeFileSync(join(folder, '.gitignore'), 'node_modules\n');
  writeFileSync(
    join(folder, 'tsconfig.json'),
    '{"compilerOptions": {"noEmit": true, "types": []}, "include": ["*.ts"]}\n',
  );
}

function commit(file: string, content: string) {
  writeFileSync(join(folder, file), content);
  run('git', ['add', file]);
  return run('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.com', 'commit', '-qm', 'test: a file']);
}

const readHooksPath = () => run('git', ['config', '--local', 'core.hooksPath']).stdout.trim();

/** Runs a command in the folder, without the environment variables of git and CI. */
function run(command: string, args: string[], env: Record<string, string> = {}) {
  const { PATH = '' } = process.env;
  const clean = { PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: '1', GIT_CEILING_DIRECTORIES: tmpdir(), ...env };
  return spawnSync(command, args, { cwd: folder, env: clean, encoding: 'utf8' });
}
