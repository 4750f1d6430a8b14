// What serverless.yml asks of its own routes, so that no path is written twice: the fallback gets every other method of
// every path, for 405 and CORS preflights, and every path that nobody else has.
const { readRoutes } = require('./routes.ts');

const methodsByResource = {};
for (const { resource, method } of readRoutes()) {
  methodsByResource[resource] ??= [];
  methodsByResource[resource].push(method);
}

// `/api/customers` exists in API Gateway because of what is below it, and would be a bare 403 without a method.
const above = Object.keys(methodsByResource).flatMap((resource) => {
  const parts = resource.split('/');
  return parts.map((_, end) => parts.slice(0, end).join('/') || '/');
});
const paths = new Set([...Object.keys(methodsByResource), ...above, '/{proxy+}']);

module.exports = {
  fallbackEvents: [...paths].map((path) => ({ http: { method: 'any', path } })),
  environment: { METHODS_BY_RESOURCE: JSON.stringify(methodsByResource) },
};
