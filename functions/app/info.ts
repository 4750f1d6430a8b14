import { appContent } from '../../lib/content/contentRepository.ts';
import { AppInfo, showAppInfo } from '../../lib/content/contentSchema.ts';
import { endpoint } from '../../lib/http/endpoint.ts';

export const handler = endpoint(
  {
    operationId: 'getAppInfo',
    tag: 'app',
    summary: 'Get the texts of the app, its minimum versions and the maintenance flag.',
    description:
      'Call it when the app starts. Ask for an update if the app is older than `minimum_version`, and show a notice while `maintenance` is true.',
    returns: { 200: AppInfo },
    cacheControl: 'public, max-age=60',
  },
  async ({ language }) => showAppInfo(await appContent(), language),
);
