// The web ACL of a stage: how much one client may send. Throttles of API Gateway count all clients
// together.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Serverless and CloudFormation fill these in
const { ApiError } = require('../lib/errors.ts');
const { envelope, standard } = require('../lib/http/errorFormats.ts');
const { readRoutes, readService } = require('../lib/openapi/routes.ts');

const windowSeconds = 300;
const params = ['webAcl', 'webAclArn', 'clientIpHeader', 'clientIpSecretHeader', 'clientIpSecretMd5'];

// WAF reads the first address of a header, which in this one the client writes; the other one has a
// port.
const unreadable = ['x-forwarded-for', 'cloudfront-viewer-address'];

/** WAF sees a path before API Gateway decodes it, behind the name of the stage. */
const pathMatches = (regex) => ({
  RegexMatchStatement: {
    RegexString: regex,
    FieldToMatch: { UriPath: {} },
    TextTransformations: [
      { Priority: 0, Type: 'URL_DECODE' },
      { Priority: 1, Type: 'NORMALIZE_PATH' },
    ],
  },
});

/**
 * The paths of functions with a throttle of their own, which send messages or check secrets. The
 * documentation does neither.
 */
function guardedPaths() {
  const guarded = Object.keys(readService().custom.throttles);
  const paths = readRoutes()
    .filter(({ functionName, file }) => guarded.includes(functionName) && !file.startsWith('functions/docs/'))
    .map(({ resource }) => resource.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+'));
  return `(${paths.join('|')})/?$`;
}

/**
 * Requests count by their source address. Those that come through a CDN count by the address in its
 * header.
 */
function clientsOf({ clientIpHeader, clientIpSecretHeader, clientIpSecretMd5 }) {
  if (!clientIpHeader) return [{ name: '', key: { AggregateKeyType: 'IP' } }];
  const isFromCdn = {
    ByteMatchStatement: {
      FieldToMatch: { SingleHeader: { Name: clientIpSecretHeader.toLowerCase() } },
      PositionalConstraint: 'EXACTLY',
      SearchStringBase64: Buffer.from(clientIpSecretMd5, 'hex').toString('base64'),
      // WAF knows no other hash. A random secret cannot be found from its MD5.
      TextTransformations: [{ Priority: 0, Type: 'MD5' }],
    },
  };
  // A header without an address is counted with all others of that kind.
  const ForwardedIPConfig = { HeaderName: clientIpHeader, FallbackBehavior: 'MATCH' };
  return [
    { name: 'Direct', key: { AggregateKeyType: 'IP' }, only: { NotStatement: { Statement: isFromCdn } } },
    { name: 'Forwarded', key: { AggregateKeyType: 'FORWARDED_IP', ForwardedIPConfig }, only: isFromCdn },
  ];
}

const label = 'client-over-limit';
// Sampled requests would show tokens and phones.
const visibility = (name) => ({ CloudWatchMetricsEnabled: true, SampledRequestsEnabled: false, MetricName: name });

function countingRule(name, Limit, { name: clients, key, only }, paths) {
  const scopes = [paths && pathMatches(paths), only].filter(Boolean);
  const [ScopeDownStatement] = scopes.length > 1 ? [{ AndStatement: { Statements: scopes } }] : scopes;
  return {
    Name: name + clients,
    Action: { Count: {} },
    RuleLabels: [{ Name: label }],
    Statement: {
      RateBasedStatement: {
        Limit,
        EvaluationWindowSec: windowSeconds,
        ...key,
        ...(ScopeDownStatement && { ScopeDownStatement }),
      },
    },
  };
}

/** Counting and blocking are apart, so that both surfaces have one count and each its own body. */
function blockingRule(name, CustomResponseBodyKey, paths) {
  const isOverLimit = { LabelMatchStatement: { Scope: 'LABEL', Key: label } };
  const headers = { 'cache-control': 'no-store', ...rejection(standard).headers };
  const ResponseHeaders = Object.entries(headers).map(([Name, Value]) => ({ Name, Value }));
  return {
    Name: name,
    Action: { Block: { CustomResponse: { ResponseCode: 429, CustomResponseBodyKey, ResponseHeaders } } },
    Statement: paths ? { AndStatement: { Statements: [isOverLimit, pathMatches(paths)] } } : isOverLimit,
  };
}

const rejection = (errorFormat) =>
  errorFormat.failure(new ApiError('throttled', { retryAfterSeconds: windowSeconds }), 'en');
const body = (errorFormat) => ({
  ContentType: 'APPLICATION_JSON',
  Content: JSON.stringify(rejection(errorFormat).body),
});

function webAclOf(settings) {
  const { requests, guardedRequests } = readService().custom.clientLimits;
  const rules = [
    ...clientsOf(settings).flatMap((clients) => [
      countingRule('Requests', requests, clients),
      countingRule('GuardedRequests', guardedRequests, clients, guardedPaths()),
    ]),
    blockingRule('BlockEnvelope', 'Envelope', '/api/customer(/|$)'),
    blockingRule('Block', 'Standard'),
  ];
  return {
    Type: 'AWS::WAFv2::WebACL',
    Condition: 'MakesWebAcl',
    Properties: {
      Scope: 'REGIONAL',
      DefaultAction: { Allow: {} },
      CustomResponseBodies: { Standard: body(standard), Envelope: body(envelope) },
      Rules: rules.map((rule, Priority) => ({ ...rule, Priority, VisibilityConfig: visibility(rule.Name) })),
      VisibilityConfig: visibility(`${readService().service}-\${sls:stage}`),
    },
  };
}

/** @throws when WAF could not tell one client from another */
function check({ webAcl, webAclArn, clientIpHeader, clientIpSecretHeader, clientIpSecretMd5 }) {
  if (String(webAcl) !== 'true' || webAclArn || !clientIpHeader) return;
  if (unreadable.includes(clientIpHeader.toLowerCase())) {
    throw new Error(`The web ACL needs a clientIpHeader with one address and nothing else, unlike ${clientIpHeader}.`);
  }
  if (!clientIpSecretHeader || !/^[0-9a-f]{32}$/i.test(clientIpSecretMd5)) {
    throw new Error('The web ACL needs clientIpSecretHeader and clientIpSecretMd5 beside clientIpHeader.');
  }
}

const stageArn =
  'arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/${ApiGatewayRestApi}/stages/${ApiGatewayStage}';

module.exports = async ({ resolveVariable }) => {
  const values = await Promise.all(params.map((name) => resolveVariable(`param:${name}`)));
  const settings = Object.fromEntries(params.map((name, index) => [name, values[index]]));
  check(settings);
  const hasNone = { 'Fn::Equals': [settings.webAclArn, ''] };
  const isWanted = { 'Fn::Equals': [String(settings.webAcl), 'true'] };
  return {
    resources: {
      Conditions: {
        MakesWebAcl: { 'Fn::And': [hasNone, isWanted] },
        HasWebAcl: { 'Fn::Or': [{ 'Fn::Not': [hasNone] }, isWanted] },
      },
      Resources: {
        WebAcl: webAclOf(settings),
        WebAclAssociation: {
          Type: 'AWS::WAFv2::WebACLAssociation',
          Condition: 'HasWebAcl',
          Properties: {
            ResourceArn: { 'Fn::Sub': stageArn },
            WebACLArn: { 'Fn::If': ['MakesWebAcl', { 'Fn::GetAtt': ['WebAcl', 'Arn'] }, settings.webAclArn] },
          },
        },
      },
    },
  };
};
