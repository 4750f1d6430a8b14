import type { Resource, Resources } from './template.ts';

export interface Conditional {
  Resources: Resources;
  Parameters?: Record<string, object>;
  Conditions?: Record<string, unknown>;
  Outputs?: Record<string, { Condition?: string; Value: unknown }>;
}

/**
 * Decides the conditions of a template, which Serverless has filled with the params of the stage,
 * and leaves out resources and outputs of false ones. CloudFormation would decide the same at each
 * deployment, but its validators reject the values of resources that are never made.
 * @param functions resources beside the template that choose values by its conditions
 */
export function decideConditions(template: Conditional, functions: Resources = {}): void {
  const { Conditions: conditions = {}, Resources, Outputs = {} } = template;
  const isTrue = (name: string) => decide(conditions[name], conditions);
  for (const group of [Resources, Outputs] as Record<string, { Condition?: string }>[]) {
    for (const [name, { Condition, ...others }] of Object.entries(group)) {
      if (Condition === undefined) continue;
      if (isTrue(Condition)) group[name] = others;
      else delete group[name];
    }
  }
  for (const resources of [Resources, functions]) {
    for (const [name, resource] of Object.entries(resources)) {
      resources[name] = chooseValues(resource, isTrue) as Resource;
    }
  }
  delete template.Conditions;
}

/** Leaves out the parameters that no resource of the stage has a use for. */
export function dropUnusedParameters(template: Conditional, functions: Resources): void {
  const used = JSON.stringify([template.Resources, functions]);
  for (const name of Object.keys(template.Parameters ?? {})) {
    if (!used.includes(JSON.stringify({ Ref: name }))) delete template.Parameters?.[name];
  }
}

/** @throws when a condition needs a value that only CloudFormation knows */
function decide(condition: unknown, conditions: Record<string, unknown>): boolean {
  const [[operator, operands] = []] = Object.entries(condition ?? {});
  const parts = Array.isArray(operands) ? operands : [];
  if (operator === 'Condition') return decide(conditions[String(operands)], conditions);
  if (operator === 'Fn::Not') return !decide(parts[0], conditions);
  if (operator === 'Fn::And') return parts.every((part) => decide(part, conditions));
  if (operator === 'Fn::Or') return parts.some((part) => decide(part, conditions));
  if (operator === 'Fn::Equals' && parts.every((part) => typeof part !== 'object')) {
    return String(parts[0]) === String(parts[1]);
  }
  throw new Error(`A condition cannot be decided: ${JSON.stringify(condition)}`);
}

const noValue = JSON.stringify({ Ref: 'AWS::NoValue' });

/** Replaces each `Fn::If` by the value that it chooses. */
function chooseValues(value: unknown, isTrue: (condition: string) => boolean): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => chooseValues(item, isTrue)).filter((item) => JSON.stringify(item) !== noValue);
  }
  if (typeof value !== 'object' || value === null) return value;
  const choice = 'Fn::If' in value ? (value['Fn::If'] as [string, unknown, unknown]) : undefined;
  if (choice) return chooseValues(isTrue(choice[0]) ? choice[1] : choice[2], isTrue);
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [key, chooseValues(item, isTrue)])
      .filter(([, item]) => JSON.stringify(item) !== noValue),
  );
}
