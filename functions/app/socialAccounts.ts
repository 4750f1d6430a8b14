import { appContent } from '../../lib/content/contentRepository.ts';
import { SocialAccounts, showSocialAccounts } from '../../lib/content/contentSchema.ts';
import { endpoint } from '../../lib/http/endpoint.ts';

export const handler = endpoint(
  {
    operationId: 'getSocialAccounts',
    tag: 'app',
    summary: "List the shop's social media accounts.",
    description: 'Links for the contact page of the app.',
    returns: { 200: SocialAccounts },
    cacheControl: 'public, max-age=60',
  },
  async () => showSocialAccounts(await appContent()),
);
