import { endpoint } from '../../lib/http/endpoint.ts';
import { appContent } from '../../lib/repositories/content.ts';
import { AppInfo, showAppInfo } from '../../lib/schemas/content.ts';

export const handler = endpoint(
  {
    operationId: 'getAppInfo',
    tag: 'app',
    summary: 'What an app shows of its shop, and whether it is too old to work.',
    description:
      'Call it when the app starts. Ask for an update where the app is older than `minimum_version`, and show a notice while `maintenance` is true.',
    returns: { 200: AppInfo },
    cacheControl: 'public, max-age=60',
  },
  async ({ language }) => showAppInfo(await appContent(), language),
);
