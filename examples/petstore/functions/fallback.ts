import { fallback } from '../../../lib/http/fallback.ts';
import { petstore } from '../endpoint.ts';

export const handler = fallback(petstore(400));
