import { makeFallback } from '../../../lib/http/fallback.ts';
import { petstore } from '../endpoint.ts';

export const handler = makeFallback(petstore(400));
