// The alarms, their metrics and the dashboard of a stage, made from the functions of
// serverless.yml.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Serverless and CloudFormation fill these in
const { readService } = require('../lib/http/routes.ts');

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

const alarms = {
  ApiFailuresAlarm: onQueries('More than 1 % of the requests of five minutes were answered by 5xx.', 1, [
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
  WorkerAgeAlarm: onQueries("A worker is more than five minutes behind the table's stream.", 300_000, [
    query('followUp', 'AWS/Lambda', 'IteratorAge', ofFunction('followUp'), 'Maximum'),
    query('deliverPush', 'AWS/Lambda', 'IteratorAge', ofFunction('deliverPush'), 'Maximum'),
    expression('MAX([FILL(followUp, 0), FILL(deliverPush, 0)])'),
  ]),
  BroadcastAgeAlarm: onMetric(
    'A part of a broadcast has been waiting for more than half an hour.',
    1_800,
    'AWS/SQS',
    'ApproximateAgeOfOldestMessage',
    ofQueue('Broadcasts'),
    'Maximum',
  ),
  FailedChangesAlarm: onMetric(
    'A change of the table could not be followed; the README says how to do it after all.',
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

// An expression takes ten metrics, and a stack 500 resources: one alarm watches the errors and
// throttles of five functions.
const together = 5;
for (let start = 0; start < functionNames.length; start += together) {
  const names = functionNames.slice(start, start + together);
  const metrics = names.flatMap((name, index) => [
    query(`e${index}`, 'AWS/Lambda', 'Errors', ofFunction(name)),
    query(`t${index}`, 'AWS/Lambda', 'Throttles', ofFunction(name)),
  ]);
  alarms[`Functions${start / together + 1}Alarm`] = onQueries(
    `One of these failed or was throttled: ${names.join(', ')}.`,
    0,
    [...metrics, expression('SUM(METRICS())')],
  );
}

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

module.exports = { resources: { Resources: { ...alarms, Dashboard: dashboard } } };
