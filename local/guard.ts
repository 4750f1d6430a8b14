import { isIP } from 'node:net';
import type { MiddlewareHandler } from 'hono';

/**
 * Only scripts and the stack's own pages may use it. A site that its developer visits can send requests to it as well, by its
 * address or by a name that the site points at it: the first shows in `Origin`, the second in `Host`. A name without a dot is nobody's in
 * public.
 */
export const onlyFromHere: MiddlewareHandler = async (context, next) => {
  const { host, origin } = context.req.header();
  const [asked, asking] = [hostname(`http://${host}`), origin === undefined ? undefined : hostname(origin)];
  const isLocal = isIP(asked) !== 0 || !asked.includes('.');
  const isOwn = asking === undefined || ['localhost', '127.0.0.1', asked].includes(asking);
  return isLocal && isOwn
    ? next()
    : context.json({ error: 'The local stack is for pages and scripts on this machine.' }, 403);
};

function hostname(url: string): string {
  return URL.parse(url)?.hostname ?? 'not.one';
}
