import { config } from '../config/config.ts';

/**
 * Stands in for the SDK's default chain of credential providers in our bundles: Lambda hands credentials over in the
 * environment, and the chain's other nine ways to find some would take 90 kB of every function.
 */
export const defaultProvider = () => async () => config.awsCredentials;
