import { envelope, standard } from '../lib/http/dialects.ts';
import { fallback } from '../lib/http/fallback.ts';

export const handler = fallback((path) => (/\/api\/customer(\/|$)/.test(path) ? envelope : standard));
