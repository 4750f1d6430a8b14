// The alarms of a stage, their metrics and the dashboard. All functions share a log group, so one
// filter counts for all of them, at the price of one metric.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Serverless and CloudFormation fill these in
const { readService } = require('../lib/openapi/routes.ts');

const service = readService();
const stack = `${service.service}-\${sls:stage}`;
const functionNames = Object.keys(service.functions);
const logicalId = (name) => `${name[0].toUpperCase()}${name.slice(1)}LambdaFunction`;

const api = [
  { Name: 'ApiName', Value: `\${sls:stage}-${service.service}` },
  { Name: 'Stage', Value: '${sls:stage}' },
];
const ofFunction = (name) => [{ Name: 'FunctionName', Value: { Ref: logicalId(name) } }];
const ofQueue = (queue) => [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [queue, 'QueueName'] } }];
const ofTable = [{ Name: 'TableName', Value: { Ref: 'Table' } }];
const ownNamespace = stack;

/** A metric inside an expression; `Period` in seconds. */
const query = (id, Namespace, MetricName, Dimensions, Stat = 'Sum', Period = 300) => ({
  Id: id,
  ReturnData: false,
  MetricStat: { Metric: { Namespace, MetricName, Dimensions }, Stat, Period },
});
const expression = (Expression) => ({ Id: 'alarm', Expression, ReturnData: true });

const alarm = (description, properties) => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    AlarmDescription: description,
    ComparisonOperator: 'GreaterThanThreshold',
    EvaluationPeriods: 1,
    TreatMissingData: 'notBreaching',
    AlarmActions: [{ Ref: 'Alarms' }],
    OKActions: [{ Ref: 'Alarms' }],
    ...properties,
  },
});
const onMetric = (description, Threshold, Namespace, MetricName, Dimensions, Statistic, more = {}) =>
  alarm(description, { Threshold, Namespace, MetricName, Dimensions, Statistic, Period: 300, ...more });
const onQueries = (description, Threshold, Metrics, more = {}) => alarm(description, { Threshold, Metrics, ...more });

/** Counts the lines of the functions' log that match a pattern. */
const filter = (MetricName, FilterPattern) => ({
  Type: 'AWS::Logs::MetricFilter',
  Properties: {
    LogGroupName: { Ref: 'FunctionLogs' },
    FilterPattern,
    MetricTransformations: [{ MetricName, MetricNamespace: ownNamespace, MetricValue: '1', DefaultValue: 0 }],
  },
});
const filters = {
  InvocationsFilter: filter('Invocations', '"REPORT RequestId"'),
  ErrorsFilter: filter('Failures', '{ $.level = "ERROR" }'),
  // Lambda writes these itself when a function cannot.
  CrashesFilter: filter('Failures', '?"Task timed out" ?"Runtime exited" ?"Runtime.ImportModuleError"'),
  RejectedSmsFilter: filter('SmsRejected', '{ $.message = "sms_rejected" }'),
  PushesFilter: filter('PushesDelivered', '{ $.message = "push_delivered" }'),
  FailedPushesFilter: filter('PushesFailed', '{ $.message = "push_failed" }'),
};

const lambdaQuota = [
  { Name: 'Service', Value: 'Lambda' },
  { Name: 'Resource', Value: 'ConcurrentExecutions' },
  { Name: 'Type', Value: 'Resource' },
  { Name: 'Class', Value: 'None' },
];

const alarms = {
  FunctionFailuresAlarm: onQueries('More than 1 % of the runs of all functions in five minutes failed.', 1, [
    query('failures', ownNamespace, 'Failures'),
    query('runs', ownNamespace, 'Invocations'),
    expression('IF(failures >= 3, 100 * failures / runs, 0)'),
  ]),
  ConcurrencyAlarm: onQueries("The account's functions use more than 80 % of its concurrency in this region.", 80, [
    query('used', 'AWS/Usage', 'ResourceCount', lambdaQuota, 'Maximum'),
    expression('100 * used / SERVICE_QUOTA(used)'),
  ]),
  ThrottlesAlarm: onMetric(
    'Lambda throttles: the concurrency of the account or of a function is used up.',
    10,
    'AWS/Lambda',
    'Throttles',
    undefined,
    'Sum',
  ),
  RejectedSmsAlarm: onMetric(
    'SNS rejects SMS: the spending limit is reached, or the account is in the sandbox.',
    5,
    ownNamespace,
    'SmsRejected',
    undefined,
    'Sum',
  ),
  FailedPushesAlarm: onQueries('More than 5 % of the pushes of a quarter of an hour failed.', 5, [
    query('failed', ownNamespace, 'PushesFailed', undefined, 'Sum', 900),
    query('delivered', ownNamespace, 'PushesDelivered', undefined, 'Sum', 900),
    expression('IF(failed >= 5, 100 * failed / (failed + delivered), 0)'),
  ]),
  ApiFailuresAlarm: onQueries('More than 1 % of the requests of five minutes got a 5xx.', 1, [
    query('failures', 'AWS/ApiGateway', '5XXError', api),
    query('requests', 'AWS/ApiGateway', 'Count', api),
    expression('IF(requests >= 20, 100 * failures / requests, 0)'),
  ]),
  ApiLatencyAlarm: alarm('The slowest 1 % of the requests took longer than 3 s for a quarter of an hour.', {
    Threshold: 3_000,
    Namespace: 'AWS/ApiGateway',
    MetricName: 'Latency',
    Dimensions: api,
    ExtendedStatistic: 'p99',
    Period: 300,
    EvaluationPeriods: 3,
  }),
  LoginSuccessAlarm: onQueries(
    'Fewer than 30 % of the SMS with codes led to a right code: SMS do not arrive, or an attacker has them sent.',
    30,
    [
      query('sent', ownNamespace, 'CodesSent', undefined, 'Sum', 900),
      query('verified', ownNamespace, 'OtpVerified', undefined, 'Sum', 900),
      expression('IF(sent >= 20, 100 * FILL(verified, 0) / sent, 100)'),
    ],
    { ComparisonOperator: 'LessThanThreshold' },
  ),
  SmsSpendAlarm: onMetric(
    'The SMS of this month have cost most of what the account may spend.',
    '${param:smsSpendAlarmUsd}',
    'AWS/SNS',
    'SMSMonthToDateSpentUSD',
    undefined,
    'Maximum',
  ),
  TableThrottlesAlarm: onQueries('The table throttles.', 0, [
    query('reads', 'AWS/DynamoDB', 'ReadThrottleEvents', ofTable),
    query('writes', 'AWS/DynamoDB', 'WriteThrottleEvents', ofTable),
    expression('FILL(reads, 0) + FILL(writes, 0)'),
  ]),
  SecretsAlarm: onMetric(
    'Requests were rejected because SSM did not give a secret. npm run stage:prepare -- --high-throughput raises its limit.',
    0,
    ownNamespace,
    'SecretsUnavailable',
    undefined,
    'Sum',
  ),
  WorkerAgeAlarm: onQueries("A worker is more than five minutes behind the table's stream.", 300_000, [
    query('followUp', 'AWS/Lambda', 'IteratorAge', ofFunction('followUp'), 'Maximum'),
    query('deliverPush', 'AWS/Lambda', 'IteratorAge', ofFunction('deliverPush'), 'Maximum'),
    expression('MAX([FILL(followUp, 0), FILL(deliverPush, 0)])'),
  ]),
  BroadcastAgeAlarm: onMetric(
    'A part of a broadcast has been waiting for more than an hour.',
    3_600,
    'AWS/SQS',
    'ApproximateAgeOfOldestMessage',
    ofQueue('Broadcasts'),
    'Maximum',
  ),
  FailedChangesAlarm: onMetric(
    'A change of the table could not be followed; docs/runbook.md says how to do it after all.',
    0,
    'AWS/SQS',
    'ApproximateNumberOfMessagesVisible',
    ofQueue('FailedChanges'),
    'Maximum',
    { Period: 60 },
  ),
  FailedBroadcastsAlarm: onMetric(
    'A part of a broadcast could not be sent; the same notify again takes it up.',
    0,
    'AWS/SQS',
    'ApproximateNumberOfMessagesVisible',
    ofQueue('FailedBroadcasts'),
    'Maximum',
    { Period: 60 },
  ),
};

const region = '${AWS::Region}';
const apiMetric = (metric, options) => [
  'AWS/ApiGateway',
  metric,
  'ApiName',
  api[0].Value,
  'Stage',
  api[1].Value,
  options,
];
const ofFunctions = (names, metric, stat) =>
  names.map((name) => ['AWS/Lambda', metric, 'FunctionName', `${stack}-${name}`, { stat, label: name }]);
const graphs = [
  [
    'Requests',
    [
      apiMetric('Count', { stat: 'Sum' }),
      apiMetric('4XXError', { stat: 'Sum' }),
      apiMetric('5XXError', { stat: 'Sum' }),
    ],
  ],
  ['Latency in ms', [apiMetric('Latency', { stat: 'p50' }), apiMetric('Latency', { stat: 'p99' })]],
  [
    'Codes and sign-ins',
    [
      [ownNamespace, 'CodesSent', { stat: 'Sum' }],
      [ownNamespace, 'OtpVerified', { stat: 'Sum' }],
    ],
  ],
  ['SMS in USD this month', [['AWS/SNS', 'SMSMonthToDateSpentUSD', { stat: 'Maximum' }]]],
  ['Errors of functions', ofFunctions(functionNames, 'Errors', 'Sum')],
  ['Throttles of functions', ofFunctions(functionNames, 'Throttles', 'Sum')],
  ['Behind the stream in ms', ofFunctions(['followUp', 'deliverPush'], 'IteratorAge', 'Maximum')],
  [
    'Table',
    ['ConsumedReadCapacityUnits', 'ConsumedWriteCapacityUnits'].map((metric) => [
      'AWS/DynamoDB',
      metric,
      'TableName',
      stack,
      { stat: 'Sum' },
    ]),
  ],
];
const widgets = graphs.map(([title, metrics], index) => ({
  type: 'metric',
  x: (index % 2) * 12,
  y: Math.floor(index / 2) * 6,
  width: 12,
  height: 6,
  properties: { title, metrics, region, period: 300, view: 'timeSeries' },
}));
const dashboard = {
  Type: 'AWS::CloudWatch::Dashboard',
  Properties: {
    DashboardName: { 'Fn::Sub': `${stack}-\${AWS::Region}` },
    DashboardBody: { 'Fn::Sub': JSON.stringify({ widgets }) },
  },
};

// A deployment during which one of these rings is rolled back (deploy/plugin.ts).
const rollbackAlarms = { RollbackAlarmApi: 'ApiFailuresAlarm', RollbackAlarmFunctions: 'FunctionFailuresAlarm' };
const outputs = Object.fromEntries(
  Object.entries(rollbackAlarms).map(([output, id]) => [output, { Value: { 'Fn::GetAtt': [id, 'Arn'] } }]),
);

module.exports = { resources: { Resources: { ...filters, ...alarms, Dashboard: dashboard }, Outputs: outputs } };
