import { config } from '../config.ts';
import { logger } from '../logger.ts';
import { deleteEndpoint, disableEndpoint, ensureEndpoint, InvalidToken } from '../messaging/snsEndpoints.ts';
import type { Device } from '../repositories/devices.ts';
import * as endpoints from '../repositories/endpoints.ts';

const attempts = 10;

/**
 * Makes the SNS endpoint of a push token what its holder's device is: enabled, disabled, or gone. It looks once more when it is
 * done: whoever comes last, of several at the same time, has then seen the device as it is.
 */
export async function syncEndpoint(registrationId: string): Promise<void> {
  let seen = await endpoints.holderOf(registrationId);
  for (let attempt = 1; attempt <= attempts; attempt++) {
    await apply(registrationId, seen);
    const now = await endpoints.holderOf(registrationId);
    if (stateOf(now.device) === stateOf(seen.device)) return;
    seen = now;
  }
  throw new Error('The device does not come to rest.');
}

function stateOf(device: Device | undefined): string {
  return JSON.stringify(device && [device.id, device.type, device.active, device.registeredAtMs]);
}

interface Holder {
  device: Device | undefined;
  arn: string | undefined;
}

async function apply(registrationId: string, { device, arn }: Holder): Promise<void> {
  if (device?.active) {
    await endpointOf(device, arn);
  } else if (arn && device) {
    await disableEndpoint(arn);
  } else if (arn) {
    await deleteEndpoint(arn);
    await endpoints.forget(registrationId, arn);
  }
}

/**
 * The ARN of a device's endpoint, made or mended if need be; undefined where pushes cannot reach it: its platform is not
 * configured, or its push token is none.
 */
export async function endpointOf(device: Device, known: string | undefined): Promise<string | undefined> {
  const application = config.pushApplications[device.type];
  if (!application) return missing(device.type);
  try {
    const arn = await ensureEndpoint(device.registrationId, application, known);
    if (arn !== known) await endpoints.save(device.registrationId, arn);
    return arn;
  } catch (error) {
    if (!(error instanceof InvalidToken)) throw error;
    logger().warn('not a push token', { device_id: device.id, platform: device.type });
    return undefined;
  }
}

const said = new Set<string>();

/** Said once, for a shop may well do without a platform. */
function missing(platform: Device['type']): undefined {
  if (!said.has(platform)) logger().warn('no pushes: the platform is not configured', { platform });
  said.add(platform);
}
