const { join } = require('node:path');
const { standard } = require('../lib/http/errorFormats.ts');
const { gatewayOf } = require('../lib/openapi/gateway.cjs');

module.exports = gatewayOf(join(__dirname, '..'), standard);
