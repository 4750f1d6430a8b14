import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from './ports.ts';

const portNames = ['API_PORT', 'LOCAL_PORT', 'LAMBDA_PORT', 'DYNAMODB_PORT'] as const;

/** Runs the stacks of one test file, which share its ports and its data folder. */
export class StackRunner {
  ports!: Record<(typeof portNames)[number], string>;
  readonly dataFolder = mkdtempSync(join(tmpdir(), 'customer-backend-'));
  readonly #stacks: LocalStack[] = [];

  async findPorts(): Promise<void> {
    const found: [string, string][] = [];
    for (const name of portNames) found.push([name, String(await freePort())]);
    this.ports = Object.fromEntries(found) as StackRunner['ports'];
  }

  url(port: (typeof portNames)[number]): string {
    return `http://localhost:${this.ports[port]}`;
  }

  /** Runs `npm start`, or another script that starts a stack, as a developer does. */
  start(environment: Record<string, string> = {}, options: string[] = [], script = 'start'): LocalStack {
    const variables = { LOCAL_DATA_FOLDER: this.dataFolder, ...this.ports, ...environment };
    const stack = new LocalStack(script, variables, options);
    this.#stacks.push(stack);
    return stack;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#stacks.map((stack) => stack.interrupt()));
    rmSync(this.dataFolder, { recursive: true });
  }
}

export class LocalStack {
  /**
   * Standard output and standard error together, in no certain order. `banner` is only the former.
   */
  output = '';
  banner = '';
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;

  constructor(script: string, environment: Record<string, string>, options: string[]) {
    this.#child = spawn('npm', ['run', script, '--', ...options], {
      // Without this, parallel stacks would share the table of one engine.
      env: { ...process.env, DYNAMODB_ENDPOINT: '', ...environment },
      detached: true,
    });
    this.#child.stdout?.on('data', (chunk) => {
      this.output += chunk;
      this.banner += chunk;
    });
    this.#child.stderr?.on('data', (chunk) => {
      this.output += chunk;
    });
    this.ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async ready(): Promise<this> {
    while (!/^ready in [\d.]+ s$/m.test(this.output)) {
      if (this.#child.exitCode !== null) throw new Error(`The stack ended: ${this.output}`);
      await setTimeout(50);
    }
    return this;
  }

  /** Interrupts the stack as Ctrl-C does: the signal reaches every process that npm started. */
  interrupt(): Promise<number | null> {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid && exitCode === null && signalCode === null) process.kill(-pid, 'SIGINT');
    return this.ended;
  }
}
