import { config } from '../../lib/config/config.ts';
import { findBase } from '../../lib/docs/base.ts';
import { docsPage } from '../../lib/docs/page.ts';
import { fail } from '../../lib/errors.ts';
import { Document } from '../../lib/http/contract.ts';
import { endpoint } from '../../lib/http/endpoint.ts';

export const handler = endpoint(
  {
    summary: 'A page that shows the API and tries it.',
    produces: ['text/html'],
    returns: { 200: Document.schema },
    cacheControl: 'public, max-age=300',
    isCompressed: true,
  },
  ({ path, resource }) => {
    if (!config.hasDocs) return fail('notFound');
    const inbox = config.localSiteUrl;
    const [testNumber] = inbox ? config.testNumbers : [];
    return new Document('text/html', docsPage({ api: findBase(path, resource), inbox, testNumber }));
  },
);
