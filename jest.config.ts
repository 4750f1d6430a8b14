import type { Config } from 'jest';

const config: Config = {
  testMatch: ['<rootDir>/{bench,deploy,examples,functions,lib,local,seed}/**/*.test.ts'],
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
  // Ends what hangs. Nothing is timed by it: a busy machine may be ten times slower than another.
  testTimeout: 300_000,
  maxWorkers: '100%',
};

export default config;
