// What serverless.yml asks of its own routes, so that no path is written twice: the fallback gets every other method of
// every path, for 405 and CORS preflights, and every path that nobody else has.
const { readRoutes } = require('./routes.ts');

const methodsByResource = {};
for (const { resource, method } of readRoutes()) {
  methodsByResource[resource] ??= [];
  methodsByResource[resource].push(method);
}

module.exports = {
  fallbackEvents: [...Object.keys(methodsByResource), '/', '/{proxy+}'].map((path) => ({
    http: { method: 'any', path },
  })),
  environment: { METHODS_BY_RESOURCE: JSON.stringify(methodsByResource) },
};
