const { findRegion } = require('./region.ts');

// The local stack has no region, and should start without the SDK.
module.exports = async ({ options }) => ({ region: options.stage === 'local' ? 'eu-central-1' : await findRegion() });
