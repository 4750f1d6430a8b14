interface Policy {
  Statement: { Effect: string; Action: string[] }[];
}

/** MiniStack does not find the resource in these requests, so it checks `*`. */
const withoutResource = [
  'sns:CreatePlatformEndpoint',
  'sns:SetEndpointAttributes',
  'sns:DeleteEndpoint',
  'ssm:DeleteParameters',
];

/**
 * Adapts a policy to MiniStack. On AWS `sqs:SendMessage` allows batches too, while MiniStack
 * demands an action of their own.
 */
export function fitPolicy<P extends Policy>(policy: P): P {
  const Statement = policy.Statement.flatMap((statement) => {
    const { Effect, Action } = statement;
    const batches = Action.includes('sqs:SendMessage') ? ['sqs:SendMessageBatch'] : [];
    const everywhere = Action.filter((action) => withoutResource.includes(action));
    return [
      { ...statement, Action: [...Action, ...batches] },
      ...(everywhere.length > 0 ? [{ Effect, Action: everywhere, Resource: '*' }] : []),
    ];
  });
  return { ...policy, Statement };
}
