/** As much of CloudFormation's template as deployment changes. */
export interface Resource {
  Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: every type of resource has properties of its own
  Properties: any;
  DeletionPolicy?: string;
  DependsOn?: string | string[];
}

export type Resources = Record<string, Resource>;

export const maxResources = 500;

export function ofType(resources: Resources, type: string): [logicalId: string, resource: Resource][] {
  return Object.entries(resources).filter(([, { Type }]) => Type === type);
}

/** Takes the resources of a type out of a template. */
export function takeType(resources: Resources, type: string): [logicalId: string, resource: Resource][] {
  const taken = ofType(resources, type);
  for (const [logicalId] of taken) delete resources[logicalId];
  return taken;
}
