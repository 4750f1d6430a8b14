declare function pushPermissions(context: { resolveVariable: (variable: string) => Promise<string> }): Promise<{
  endpoints: unknown[];
  applicationsAndEndpoints: unknown[];
}>;
export = pushPermissions;
