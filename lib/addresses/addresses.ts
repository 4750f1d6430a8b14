import { createHash } from 'node:crypto';
import type { Customer } from '../customers/customerRepository.ts';
import { fail } from '../errors.ts';
import type { IdempotentRequest } from '../http/idempotencyKey.ts';
import { type RecordWrites, runOnce } from '../idempotency/idempotencyRecord.ts';
import { withUploadedImage } from '../images/saving.ts';
import { deleteImageBestEffort } from '../images/store.ts';
import { isSameImage } from '../images/urls.ts';
import type { Position } from '../regions/cells.ts';
import * as regions from '../regions/regionRepository.ts';
import * as addresses from './addressRepository.ts';
import type { AddressChanges, NewAddress } from './addressSchema.ts';

/**
 * Adds an address and makes it the customer's primary one. A repeated request adds none, so its
 * image is deleted.
 * @throws unsupportedRegion, regionCountryMismatch, and the errors of {@link addresses.create}
 */
export function addAddress(
  customer: Customer,
  newAddress: NewAddress,
  idempotency: IdempotentRequest | undefined,
): Promise<addresses.Address> {
  return runOnce(customer.id, idempotency, {
    run: (record) => addOnce(customer, newAddress, record),
    repeat: (address) => addresses.Address.parse(address),
  });
}

async function addOnce(customer: Customer, newAddress: NewAddress, record: RecordWrites): Promise<addresses.Address> {
  await requireServed(customer, newAddress.point);
  const { point, description, location_type: locationType, map_description: mapDescription = null } = newAddress;
  const fields = { ...coordinatesOf(point), description, locationType, mapDescription };
  const image = newAddress.map_image ?? null;
  return withUploadedImage(customer.id, image, async (mapImage) => {
    const requestHash = hashOf(fields, image);
    const address = await addresses.create(customer.id, { ...fields, mapImage }, { requestHash, record });
    if (!isSameImage(customer.id, address.mapImage, mapImage)) await deleteImageBestEffort(customer.id, mapImage);
    return address;
  });
}

/** Hashes a request. An uploaded image counts by its bytes, because its URL is new each time. */
function hashOf(fields: object, image: NonNullable<NewAddress['map_image']> | null): string {
  const hash = createHash('sha256').update(JSON.stringify(fields));
  return hash.update(image && typeof image === 'object' ? image.bytes : JSON.stringify(image)).digest('hex');
}

/**
 * Changes a customer's address, and deletes an image that was replaced.
 * @throws unsupportedRegion, regionCountryMismatch, and the errors of {@link addresses.change}
 */
export async function changeAddress(
  customer: Customer,
  id: number,
  changes: AddressChanges,
): Promise<addresses.Address> {
  const { point, description, location_type, map_description, map_image } = changes;
  if (point) await requireServed(customer, point);
  return withUploadedImage(customer.id, map_image, async (mapImage) => {
    const { before, after } = await addresses.change(customer.id, id, {
      ...(point && coordinatesOf(point)),
      description,
      locationType: location_type,
      mapDescription: map_description,
      mapImage,
    });
    const isReplaced = !isSameImage(customer.id, after.mapImage, before.mapImage);
    if (isReplaced) await deleteImageBestEffort(customer.id, before.mapImage);
    return after;
  });
}

/**
 * Deletes a customer's address and its image.
 * @throws the errors of {@link addresses.remove}
 */
export async function deleteAddress(customer: Customer, id: number): Promise<void> {
  const { mapImage } = await addresses.remove(customer.id, id);
  await deleteImageBestEffort(customer.id, mapImage);
}

/**
 * Checks that the shop delivers there: inside its regions, and only to customers of the region's
 * country.
 */
async function requireServed({ countryCode }: Customer, position: Position): Promise<void> {
  const region = await regions.find(position);
  if (!region) fail('unsupportedRegion');
  if (region.countryCode !== countryCode) fail('regionCountryMismatch');
}

function coordinatesOf([longitude, latitude]: Position): Pick<addresses.Address, 'longitude' | 'latitude'> {
  return { longitude, latitude };
}
