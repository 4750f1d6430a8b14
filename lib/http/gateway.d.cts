declare const gateway: {
  resources: { Resources: Record<string, { Type: string; Properties: object }> };
  fallbackEvents: { http: { method: string; path: string } }[];
  environment: { METHODS_BY_RESOURCE: string };
};

export = gateway;
