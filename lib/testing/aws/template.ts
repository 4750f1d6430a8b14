import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Resources } from '../../../deploy/template.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const cli = join(root, 'node_modules/serverless/bin/serverless.js');
const excludedNames = new Set(['node_modules', '.git', '.serverless', '.local', 'coverage']);

export interface Template {
  Resources: Resources;
  Outputs: Record<string, unknown>;
  Parameters?: Record<string, object>;
}

export interface ServiceCopy {
  /**
   * Runs Serverless, and returns its output.
   * @throws if it fails, with the output as the message
   */
  serverless: (args: string[], environment?: Record<string, string>) => Promise<string>;
  script: (file: string, args: string[], environment?: Record<string, string>) => Promise<string>;
  template: () => Template;
  templateFile: string;
  /** Returns the path of a file or folder of the copy. */
  pathOf: (file: string) => string;
  /** Changes a file of the copy. */
  edit: (file: string, change: (text: string) => string) => void;
  delete: () => void;
}

/**
 * Copies a service, which `service` names by its folder in the project. Parallel runs of Serverless
 * in one folder would overwrite each other's template.
 */
export function copyService(service = ''): ServiceCopy {
  const folder = mkdtempSync(join(tmpdir(), 'customer-backend-package-'));
  const isIncluded = (path: string) =>
    !path
      .slice(root.length)
      .split('/')
      .some((name) => excludedNames.has(name));
  cpSync(root, folder, { recursive: true, filter: isIncluded });
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

/** Returns the template that `npx serverless package` creates for each stage. */
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
