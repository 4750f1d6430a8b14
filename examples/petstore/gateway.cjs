const { gatewayOf } = require('../../lib/http/gateway.cjs');
const { petstore } = require('./endpoint.ts');

module.exports = gatewayOf(__dirname, petstore(400));
