import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const left = new Set(['node_modules', '.git', '.esbuild', '.serverless', '.local', 'coverage']);

export interface Resource {
  Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: every type of resource has properties of its own
  Properties: any;
  DeletionPolicy?: string;
  DependsOn?: string[];
}

export interface Template {
  Resources: Record<string, Resource>;
  Outputs: Record<string, unknown>;
}

/** What `npx serverless package` makes of each stage of a service, by its folder within the project, in a folder of its own: in this one it would take a running stack's bundles away. */
export function packageStages<S extends string>(stages: readonly S[], service = ''): Record<S, Template> {
  const folder = mkdtempSync(join(tmpdir(), 'customer-backend-package-'));
  try {
    const own = (path: string) =>
      !path
        .slice(root.length)
        .split('/')
        .some((name) => left.has(name));
    cpSync(root, folder, { recursive: true, filter: own });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    return Object.fromEntries(stages.map((stage) => [stage, packageStage(join(folder, service), stage)])) as Record<
      S,
      Template
    >;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function packageStage(folder: string, stage: string): Template {
  const serverless = join(root, 'node_modules/serverless/bin/serverless.js');
  const environment = { ...process.env, AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none' };
  execFileSync(process.execPath, [serverless, 'package', '--stage', stage], {
    cwd: folder,
    env: environment,
    stdio: 'pipe',
  });
  return JSON.parse(readFileSync(join(folder, '.serverless/cloudformation-template-update-stack.json'), 'utf8'));
}
