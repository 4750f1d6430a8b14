import { endpoint } from '../../lib/http/endpoint.ts';
import { PositionInQuery } from '../../lib/regions/pointSchema.ts';
import * as regions from '../../lib/regions/regionRepository.ts';
import { noRegion, Region, showRegion } from '../../lib/regions/regionSchema.ts';

export const handler = endpoint(
  {
    operationId: 'GetRegionByPoint',
    tag: 'regions',
    summary: 'Find the region of a point.',
    description:
      'A border belongs to the regions on both sides. If several regions contain a point, the smallest is returned.',
    query: PositionInQuery,
    returns: { 200: Region },
  },
  async ({ query: { long, lat }, language }) => {
    const region = await regions.find([long, lat]);
    return region ? showRegion(region, language) : noRegion;
  },
);
