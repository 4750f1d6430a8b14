import type { MiddlewareHandler } from 'hono';

/**
 * Only this machine's own scripts and pages may use the stack. A site that its developer visits can send requests to it as well, by
 * its address or by a name that the site points at it: the first shows in `Origin`, the second in `Host`.
 */
export const onlyFromHere: MiddlewareHandler = async (context, next) => {
  const { host, origin } = context.req.header();
  const here = [`http://${host}`, origin ?? 'http://localhost'].every(isHere);
  return here ? next() : context.json({ error: 'The local stack is for pages and scripts on this machine.' }, 403);
};

function isHere(url: string): boolean {
  return ['localhost', '127.0.0.1'].includes(URL.parse(url)?.hostname ?? '');
}
