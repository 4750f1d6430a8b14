import { readRoutes } from '../lib/openapi/routes.ts';
import { budgets } from './budgets.ts';
import { type Usage, usageOfOperations } from './operations.ts';
import { startStage } from './stage.ts';

let usages: Usage[];
beforeAll(async () => {
  const { sandbox, stop } = await startStage();
  usages = await usageOfOperations(sandbox);
  await stop();
});

/** Pages, whose responses are not JSON. */
const pages = ['docsAsset', 'customersPhoneChangeLink'];

test('each operation makes exactly the calls, and uses exactly the request units, of its budget', () => {
  const used = usages.map(({ operation, depth, readUnits, writeUnits, snsCalls }) => [
    operation,
    [depth, readUnits, writeUnits, snsCalls],
  ]);
  expect(Object.fromEntries(used)).toEqual(budgets);
});

test('every operation has a budget', () => {
  const functions = new Set(Object.keys(budgets).map((operation) => operation.split(' ')[0]));
  const routes = readRoutes().map(({ functionName }) => functionName);
  expect(routes.filter((name) => !functions.has(name) && !pages.includes(name))).toEqual([]);
});

/**
 * Changes of phone or e-mail address verify an OTP before, and are announced after. setEmail stores
 * the address between the limits and the e-mail.
 */
const deeper: Record<string, number> = {
  customersChangePhone: 6,
  customersRequestPhoneChange: 7,
  customersSetEmail: 4,
  customersVerifyEmail: 7,
};

test('budgets stay within the design: two sequential calls for a signed-in read, three for a write', () => {
  const most = {
    authSendOtp: 2,
    'customersAuthenticate (new)': 3,
    'customersAuthenticate (returning)': 3,
    authRefresh: 2,
  };
  for (const [operation, depth] of Object.entries(most)) expect(budgets[operation]?.[0]).toBeLessThanOrEqual(depth);
  const ofSurfaceB = readRoutes().flatMap(({ file, functionName }) =>
    file.includes('/password/') ? [functionName] : [],
  );
  for (const { functionName, method } of readRoutes().filter((route) => !ofSurfaceB.includes(route.functionName))) {
    for (const [operation, [depth]] of Object.entries(budgets)) {
      if (operation.split(' ')[0] === functionName)
        expect([operation, depth <= (method === 'GET' ? 2 : (deeper[functionName] ?? 3))]).toEqual([operation, true]);
    }
  }
});
