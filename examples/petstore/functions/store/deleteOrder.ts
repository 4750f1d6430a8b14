import { remove } from '../../../../lib/repositories/items.ts';
import { endpoint } from '../../endpoint.ts';
import { orderKey } from '../../keys.ts';
import { Done, done, OrderPath } from '../../schemas.ts';

export const handler = endpoint(
  { operationId: 'deleteOrder', summary: 'Delete an order.', params: OrderPath, returns: { 200: Done } },
  async ({ params }) => {
    await remove(orderKey(params.orderId));
    return done(params.orderId);
  },
);
