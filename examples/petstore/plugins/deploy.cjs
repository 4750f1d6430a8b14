module.exports = require('../../../deploy/plugin.ts');
