import { config } from '../../lib/config/config.ts';
import { flag } from '../../lib/config/env.ts';

const isOpenToAll = flag('OPEN_TO_ALL');

/** The Petstore's own settings. */
export const settings = {
  /**
   * The hex SHA-256 of the API key, so that the stage does not know the key. An empty value rejects
   * every key.
   */
  apiKeySha256: () => process.env.API_KEY_SHA256 ?? '',
  /** Whether requests need no login, which is only possible on the local stage. */
  isOpen: () => config.stage === 'local' && isOpenToAll(),
};
