module.exports = require('../../../local/plugin.ts');
