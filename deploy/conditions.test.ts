import { type Conditional, decideConditions, dropUnusedParameters } from './conditions.ts';

const isOn = (value: unknown) => ({ 'Fn::Equals': [value, 'true'] });
const topic = { Type: 'AWS::SNS::Topic', Properties: {} };

test('decideConditions keeps the resources and outputs of true conditions, and removes those of false ones', () => {
  const template: Conditional = {
    Conditions: {
      On: isOn(true),
      Off: { 'Fn::Not': [{ Condition: 'On' }] },
      Both: { 'Fn::And': [{ Condition: 'On' }, { Condition: 'Off' }] },
      Either: { 'Fn::Or': [{ Condition: 'Off' }, isOn('true')] },
    },
    Resources: Object.fromEntries(
      ['On', 'Off', 'Both', 'Either'].map((Condition) => [Condition, { ...topic, Condition }]),
    ),
    Outputs: { Shown: { Condition: 'On', Value: 1 }, Hidden: { Condition: 'Off', Value: 2 } },
  };
  decideConditions(template);
  expect(template).toEqual({ Resources: { On: topic, Either: topic }, Outputs: { Shown: { Value: 1 } } });
});

test('decideConditions resolves conditional values, and removes AWS::NoValue', () => {
  const none = { Ref: 'AWS::NoValue' };
  const Properties = {
    Name: { 'Fn::If': ['On', { 'Fn::If': ['Off', 'a', 'b'] }, 'c'] },
    Left: { 'Fn::If': ['Off', 'd', none] },
    List: ['e', { 'Fn::If': ['On', none, 'f'] }],
  };
  const template: Conditional = {
    Conditions: { On: isOn('true'), Off: isOn('false') },
    Resources: { Topic: { ...topic, Properties } },
  };
  decideConditions(template);
  expect(template.Resources.Topic?.Properties).toEqual({ Name: 'b', List: ['e'] });
});

test('decideConditions rejects a condition on a value that only CloudFormation knows', () => {
  const template: Conditional = {
    Conditions: { InFrankfurt: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-central-1'] } },
    Resources: { Topic: { ...topic, Condition: 'InFrankfurt' } as typeof topic },
  };
  expect(() => decideConditions(template)).toThrow('A condition cannot be decided');
});

test('dropUnusedParameters removes parameters that no resource uses', () => {
  const template: Conditional = { Parameters: { Used: {}, Unused: {} }, Resources: {} };
  dropUnusedParameters(template, { Topic: { ...topic, Properties: { Name: { Ref: 'Used' } } } });
  expect(template.Parameters).toEqual({ Used: {} });
});
