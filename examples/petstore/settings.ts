import { config } from '../../lib/config/config.ts';
import { makeReaders } from '../../lib/config/env.ts';

const { flag } = makeReaders((variable) => process.env[variable]);

/** What the Petstore sets beside the kit's own settings. */
export const settings = {
  /** The SHA-256 of the API key, in hex: the stage itself does not know the key. Without it no key opens anything. */
  apiKeySha256: () => process.env.API_KEY_SHA256 ?? '',
  /** Whether nobody needs a login, on a developer's machine. */
  isOpen: () => config.stage === 'local' && flag('OPEN_TO_ALL'),
};
