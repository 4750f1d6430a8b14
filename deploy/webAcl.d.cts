import type { Resource } from '../lib/testing/aws/template.ts';

declare function webAcl(context: { resolveVariable: (variable: string) => Promise<unknown> }): Promise<{
  resources: { Conditions: Record<string, unknown>; Resources: { WebAcl: Resource; WebAclAssociation: Resource } };
}>;
export = webAcl;
