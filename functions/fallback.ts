import { envelope, standard } from '../lib/http/errorFormats.ts';
import { fallback } from '../lib/http/fallback.ts';

export const handler = fallback((path) => (/\/api\/customer(\/|$)/.test(path) ? envelope : standard));
