import * as z from 'zod';
import { imageUrl } from '../images/urls.ts';
import { locationTypes, type Address as Stored } from '../repositories/addresses.ts';
import { choice, clearable, id, text } from './fields.ts';
import { image } from './image.ts';
import { Point, point } from './position.ts';
import { Uri } from './uri.ts';

export const Address = z
  .object({
    id,
    description: z.string(),
    location_type: z.enum(locationTypes),
    point: Point,
    map_description: z.string().describe('Empty when there is none.'),
    map_image: Uri.nullable(),
  })
  .meta({ id: 'Address' });
export type Address = z.infer<typeof Address>;

/** An address as a customer adds it. */
export const NewAddress = z.object({
  point,
  description: text({ max: 1_000 }),
  location_type: choice(locationTypes),
  map_description: clearable(text({ max: 1_000 })).optional(),
  map_image: clearable(image).optional(),
});
export type NewAddress = z.output<typeof NewAddress>;

/** What a customer may change about an address; what is left out stays. */
export const AddressChanges = NewAddress.partial();
export type AddressChanges = z.output<typeof AddressChanges>;

export function showAddress(customerId: number, address: Stored): Address {
  return {
    id: address.id,
    description: address.description,
    location_type: address.locationType,
    point: { type: 'Point', coordinates: [address.longitude, address.latitude] },
    map_description: address.mapDescription ?? '',
    map_image: imageUrl(customerId, address.mapImage),
  };
}
