import { endpoint } from '../../lib/http/endpoint.ts';
import { appContent } from '../../lib/repositories/content.ts';
import { SocialAccounts, showSocialAccounts } from '../../lib/schemas/content.ts';

export const handler = endpoint(
  {
    operationId: 'getSocialAccounts',
    tag: 'app',
    summary: 'Where customers find the shop.',
    description: 'Links for the contact page of the app.',
    returns: { 200: SocialAccounts },
    cacheControl: 'public, max-age=60',
  },
  async () => showSocialAccounts(await appContent()),
);
