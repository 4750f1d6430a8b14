import * as z from 'zod';
import { choice, clearable, id, removeBidiControls, text } from '../http/fields.ts';
import { Uri } from '../http/uri.ts';
import { image } from '../images/imageSchema.ts';
import { toImageUrl } from '../images/urls.ts';
import { Point, point } from '../regions/pointSchema.ts';
import { locationTypes, type Address as Stored } from './addressRepository.ts';

export const Address = z
  .object({
    id: id.describe('Identifies the address in paths and in `primary_address`.'),
    description: z.string().describe('What the courier reads: street, building, floor.'),
    location_type: z.enum(locationTypes).describe('`HOME` or `WORK`.'),
    point: Point,
    map_description: z.string().describe('Empty if there is none.'),
    map_image: Uri.nullable().describe('The URL of the map picture, or null.'),
  })
  .meta({ id: 'Address', description: 'An address to which the shop delivers.' });
export type Address = z.infer<typeof Address>;

export const NewAddress = z.object({
  point,
  description: text({ max: 1_000, clean: removeBidiControls }).describe(
    'What the courier reads: street, building, floor.',
  ),
  location_type: choice(locationTypes).describe('`HOME` or `WORK`.'),
  map_description: clearable(text({ max: 1_000, clean: removeBidiControls }))
    .optional()
    .describe('A hint for the map, such as a landmark. `null` or `""` removes it.'),
  map_image: clearable(image).optional(),
});
export type NewAddress = z.output<typeof NewAddress>;

/** The fields of an address that a customer may change. Omitted fields stay unchanged. */
export const AddressChanges = NewAddress.partial();
export type AddressChanges = z.output<typeof AddressChanges>;

export function showAddress(customerId: number, address: Stored): Address {
  return {
    id: address.id,
    description: address.description,
    location_type: address.locationType,
    point: { type: 'Point', coordinates: [address.longitude, address.latitude] },
    map_description: address.mapDescription ?? '',
    map_image: toImageUrl(customerId, address.mapImage),
  };
}
