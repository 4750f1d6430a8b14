// What serverless.yml asks of its own routes, so that no path is written twice: the fallback gets every other method of
// every path, for 405 and CORS preflights, and every path that nobody else has.
const { ApiError } = require('../errors.ts');
const { readRoutes } = require('./routes.ts');

// What API Gateway answers by itself, before or after a function, in the same words as ours.
const problems = {
  BAD_REQUEST_BODY: 'parseError',
  BAD_REQUEST_PARAMETERS: 'parseError',
  DEFAULT_5XX: 'error',
  MISSING_AUTHENTICATION_TOKEN: 'notFound',
  QUOTA_EXCEEDED: 'throttled',
  REQUEST_TOO_LARGE: 'payloadTooLarge',
  THROTTLED: 'throttled',
  UNSUPPORTED_MEDIA_TYPE: 'unsupportedMediaType',
  WAF_FILTERED: 'permissionDenied',
};

// The details where the text of the error is about a body.
const details = { BAD_REQUEST_PARAMETERS: 'brokenRequest' };

/** The events and the environment of a service's fallback, and API Gateway's own answers; `folder` is that of its serverless.yml. */
function gatewayOf(folder, dialect) {
  const methodsByResource = {};
  for (const { resource, method } of readRoutes(folder)) {
    methodsByResource[resource] ??= [];
    methodsByResource[resource].push(method);
  }
  // `/api/customers` exists in API Gateway because of what is below it, and would be a bare 403 without a method.
  const above = Object.keys(methodsByResource).flatMap((resource) => {
    const parts = resource.split('/');
    return parts.map((_, end) => parts.slice(0, end).join('/') || '/');
  });
  const paths = new Set([...Object.keys(methodsByResource), ...above, '/{proxy+}']);
  const responses = Object.entries(problems).map(([type, problem]) => {
    const name = type.toLowerCase().replace(/(^|_)(\w)/g, (_, __, letter) => letter.toUpperCase());
    return [
      `Gateway${name}`,
      gatewayResponse(type, dialect.failure(new ApiError(problem, { detail: details[type] }), 'en')),
    ];
  });
  return {
    resources: { Resources: Object.fromEntries(responses) },
    fallbackEvents: [...paths].map((path) => ({ http: { method: 'any', path } })),
    environment: { METHODS_BY_RESOURCE: JSON.stringify(methodsByResource) },
  };
}

function gatewayResponse(type, { status, headers, body }) {
  const fixed = { 'cache-control': 'no-store', ...headers };
  const parameters = Object.entries(fixed).map(([name, value]) => [`gatewayresponse.header.${name}`, `'${value}'`]);
  return {
    Type: 'AWS::ApiGateway::GatewayResponse',
    Properties: {
      RestApiId: { Ref: 'ApiGatewayRestApi' },
      ResponseType: type,
      StatusCode: String(status),
      ResponseParameters: {
        ...Object.fromEntries(parameters),
        'gatewayresponse.header.x-request-id': 'context.requestId',
      },
      ResponseTemplates: { 'application/json': JSON.stringify(body) },
    },
  };
}

module.exports = { gatewayOf };
