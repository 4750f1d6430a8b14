import { budgets } from './budgets.ts';
import { usageOfOperations } from './operations.ts';
import type { Report } from './report.ts';
import { startStage } from './stage.ts';

export async function capacity(): Promise<Report> {
  const { sandbox, stop } = await startStage();
  const usages = await usageOfOperations(sandbox);
  await stop();
  return {
    title: 'Calls and capacity',
    notes: [
      'What one request of each operation asks of DynamoDB and SNS, in a function that has its secrets and seed data: calls, the longest chain of them one after another beside its budget, request units as the local engine counts them by AWS’s rules (transactions double, a condition that does not hold like a write), and calls to SNS; for a customer who has little of everything. `npm test` fails when an operation comes to need more or less.',
    ],
    tables: [
      {
        caption: 'Per request',
        columns: ['operation', 'calls', 'one after another', 'budget', 'read units', 'write units', 'SNS calls'],
        rows: usages.map(({ operation, calls, depth, readUnits, writeUnits, snsCalls }) => [
          operation,
          calls,
          depth,
          budgets[operation]?.[0] ?? 0,
          readUnits,
          writeUnits,
          snsCalls,
        ]),
      },
    ],
    charts: [],
  };
}
