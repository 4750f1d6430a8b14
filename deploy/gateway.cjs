const { join } = require('node:path');
const { standard } = require('../lib/http/dialects.ts');
const { gatewayOf } = require('../lib/http/gateway.cjs');

module.exports = gatewayOf(join(__dirname, '..'), standard);
