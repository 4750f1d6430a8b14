import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Resources } from '../../deploy/template.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cli = join(root, 'node_modules/serverless/bin/serverless.js');
const left = new Set(['node_modules', '.git', '.serverless', '.local', 'coverage']);

export interface Template {
  Resources: Resources;
  Outputs: Record<string, unknown>;
  Parameters?: Record<string, object>;
}

export interface ServiceCopy {
  /**
   * Runs Serverless; answers what it prints.
   * @throws when it fails, with what it printed
   */
  serverless: (args: string[], environment?: Record<string, string>) => Promise<string>;
  /** Runs a script of the service in the same way. */
  script: (file: string, args: string[], environment?: Record<string, string>) => Promise<string>;
  /** What it packaged last. */
  template: () => Template;
  /** The file of that template. */
  templateFile: string;
  /** Where a file or folder of the copy is. */
  pathOf: (file: string) => string;
  /** Changes a file of the copy. */
  edit: (file: string, change: (text: string) => string) => void;
  delete: () => void;
}

/**
 * A copy of a service, by its folder within the project: two that are packaged in one folder
 * overwrite each other's template.
 */
export function copyService(service = ''): ServiceCopy {
  const folder = mkdtempSync(join(tmpdir(), 'customer-backend-package-'));
  const own = (path: string) =>
    !path
      .slice(root.length)
      .split('/')
      .some((name) => left.has(name));
  cpSync(root, folder, { recursive: true, filter: own });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const cwd = join(folder, service);
  async function runNode(args: string[], environment: Record<string, string> = {}): Promise<string> {
    const env = { ...process.env, AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none', ...environment };
    const { failed, stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd, env }).then(
      (printed) => ({ failed: false, ...printed }),
      (error) => ({ failed: true, ...error }),
    );
    if (failed) throw new Error(stdout + stderr);
    return stdout + stderr;
  }
  const templateFile = join(cwd, '.serverless/cloudformation-template-update-stack.json');
  return {
    serverless: (args, environment) => runNode([cli, ...args], environment),
    script: (file, args, environment) => runNode([join(cwd, file), ...args], environment),
    template: () => JSON.parse(readFileSync(templateFile, 'utf8')),
    templateFile,
    pathOf: (file) => join(cwd, file),
    edit(file, change) {
      const path = join(cwd, file);
      writeFileSync(path, change(existsSync(path) ? readFileSync(path, 'utf8') : ''));
    },
    delete: () => rmSync(folder, { recursive: true }),
  };
}

/** What `npx serverless package` makes of each stage of a service. */
export async function packageStages<S extends string>(
  stages: readonly S[],
  service?: string,
): Promise<Record<S, Template>> {
  const copy = copyService(service);
  const packaged = {} as Record<S, Template>;
  try {
    for (const stage of stages) {
      await copy.serverless(['package', '--stage', stage]);
      packaged[stage] = copy.template();
    }
    return packaged;
  } finally {
    copy.delete();
  }
}
