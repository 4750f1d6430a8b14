import { envelope, standard } from '../lib/http/errorFormats.ts';
import { makeFallback } from '../lib/http/fallback.ts';

export const handler = makeFallback((path) => (/\/api\/customer(\/|$)/.test(path) ? envelope : standard));
