import { config } from '../config/config.ts';

/**
 * Replaces the SDK's default chain of credential providers in our bundles. Lambda sets credentials
 * in the environment, and the other providers of the chain would add 90 kB to every function.
 */
export const defaultProvider = () => async () => config.awsCredentials;
