import type { Config } from 'jest';

type Project = Exclude<NonNullable<Config['projects']>[number], string>;

const tests = '<rootDir>/{bench,deploy,examples,functions,lib,local,scripts,seed}/**/*.test.ts';

const shared: Project = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2024', parser: { syntax: 'typescript' }, experimental: { keepImportAttributes: true } },
        module: { type: 'es6' },
      },
    ],
  },
  globalSetup: './lib/testing/globalSetup.ts',
  globalTeardown: './lib/testing/globalTeardown.ts',
};

const config: Config = {
  projects: [
    { ...shared, displayName: 'fast', testMatch: [tests, '!**/*.{slow,emulator}.test.ts'] },
    { ...shared, displayName: 'slow', testMatch: [tests.replace('.test.ts', '.slow.test.ts')] },
    { ...shared, displayName: 'emulator', testMatch: [tests.replace('.test.ts', '.emulator.test.ts')] },
  ],
  // Ends tests that hang. It measures nothing, because a busy machine may be ten times slower.
  testTimeout: 300_000,
};

export default config;
