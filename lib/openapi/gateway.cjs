// Derives the fallback's events from the routes of serverless.yml, so that no path is repeated. The
// fallback gets all other methods of a path, for 405 and CORS preflights, and all other paths.
const { ApiError } = require('../errors.ts');
const { readRoutes } = require('./routes.ts');

// Responses of API Gateway itself, with the errors of our catalogue.
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

// Details that replace a text about the body.
const details = { BAD_REQUEST_PARAMETERS: 'brokenRequest' };

/**
 * Returns the events and the environment of a service's fallback, and API Gateway's own responses.
 * `folder` contains the service's serverless.yml.
 */
function gatewayOf(folder, dialect) {
  const methodsByResource = {};
  for (const { resource, method } of readRoutes(folder)) {
    methodsByResource[resource] ??= [];
    methodsByResource[resource].push(method);
  }
  // A parent path such as `/api/customers` exists in API Gateway too. Without a method, it would
  // return a bare 403.
  const parents = Object.keys(methodsByResource).flatMap((resource) => {
    const parts = resource.split('/');
    return parts.map((_, end) => parts.slice(0, end).join('/') || '/');
  });
  const paths = new Set([...Object.keys(methodsByResource), ...parents, '/{proxy+}']);
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
