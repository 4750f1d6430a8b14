import { config } from '../config/config.ts';
import { logger } from '../logger.ts';
import type { Device } from './device.ts';
import * as endpoints from './pushEndpointRepository.ts';
import { deleteEndpoint, disableEndpoint, ensureEndpoint, InvalidToken } from './snsEndpoints.ts';

const attempts = 10;

/**
 * Makes the push endpoint of a token match its device: enabled, disabled or deleted. It reads the
 * device again at the end. So the last of several parallel workers has seen the latest state.
 */
export async function syncPushEndpoint(registrationId: string): Promise<void> {
  let before = await endpoints.readDeviceAndEndpoint(registrationId);
  for (let attempt = 1; attempt <= attempts; attempt++) {
    await reconcile(registrationId, before);
    const after = await endpoints.readDeviceAndEndpoint(registrationId);
    if (stateOf(after.device) === stateOf(before.device)) return;
    before = after;
  }
  throw new Error('The device changed during every attempt to sync its push endpoint.');
}

function stateOf(device: Device | undefined): string {
  return JSON.stringify(device && [device.id, device.type, device.active, device.registeredAtMs]);
}

async function reconcile(
  registrationId: string,
  { device, endpoint }: Awaited<ReturnType<typeof endpoints.readDeviceAndEndpoint>>,
) {
  const application = device && findApplication(device.type);
  if (application && device.active) {
    await enable(device, application, endpoint?.arn);
  } else if (endpoint && application) {
    await endpoints.save(registrationId, { ...endpoint, enabledForMs: 0 });
    await disableEndpoint(endpoint.arn);
  } else if (endpoint) {
    await deleteEndpoint(endpoint.arn);
    await endpoints.remove(registrationId, endpoint);
  }
}

async function enable({ id, type, registrationId, registeredAtMs }: Device, application: string, endpointArn?: string) {
  try {
    const arn = await ensureEndpoint(registrationId, application, endpointArn);
    await endpoints.save(registrationId, { arn, enabledForMs: registeredAtMs });
  } catch (error) {
    if (!(error instanceof InvalidToken)) throw error;
    logger.warn('push_token_invalid', { device_id: id, platform: type });
  }
}

const warnedPlatforms = new Set<string>();

/**
 * Returns the platform application for a type of device. A missing one is logged once, because a
 * shop may do without it.
 */
export function findApplication(type: Device['type']): string | undefined {
  const application = config.pushApplications[type];
  if (!application && !warnedPlatforms.has(type)) logger.warn('push_platform_not_configured', { platform: type });
  if (!application) warnedPlatforms.add(type);
  return application;
}
