const { gatewayOf } = require('../../lib/openapi/gateway.cjs');
const { petstore } = require('./endpoint.ts');

module.exports = gatewayOf(__dirname, petstore(400));
