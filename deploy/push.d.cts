declare function pushPermissions(context: { resolveVariable: (variable: string) => Promise<string> }): Promise<{
  applications: unknown[];
  endpoints: unknown[];
}>;
export = pushPermissions;
