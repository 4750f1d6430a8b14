import { checkDeployable, checkStageName } from './stack.ts';

test.each(['Prod', 'prod_eu', '1st', '-a', 'a-very-long-name', ''])('%p is not a valid stage name', (name) => {
  expect(() => checkStageName(name)).toThrow(/up to 13 lower-case letters/);
});

test.each(['dev', 'pr-1234567890', 'q'])('%p is a valid stage name', (name) => {
  expect(() => checkStageName(name)).not.toThrow();
});

test.each([
  ['ROLLBACK_COMPLETE', /serverless remove --stage qa/],
  ['DELETE_FAILED', /serverless remove --stage qa/],
  ['REVIEW_IN_PROGRESS', /serverless remove --stage qa/],
  ['UPDATE_IN_PROGRESS', /wait for it/],
  ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', /wait for it/],
  ['UPDATE_ROLLBACK_FAILED', /continue-update-rollback --stack-name shop-qa/],
])('a stack in %s cannot be deployed, and the error says what to do', (StackStatus, sentence) => {
  expect(() => checkDeployable({ StackName: 'shop-qa', StackStatus }, 'qa')).toThrow(sentence);
});

test.each(['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'])(
  'a stack in %s can be deployed',
  (StackStatus) => {
    expect(() => checkDeployable({ StackName: 'shop-qa', StackStatus }, 'qa')).not.toThrow();
  },
);
