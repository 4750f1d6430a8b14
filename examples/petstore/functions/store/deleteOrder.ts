import { remove } from '../../../../lib/table/items.ts';
import { endpoint } from '../../endpoint.ts';
import { orderKey } from '../../keys.ts';
import { Done, done, OrderPath } from '../../schemas.ts';

export const handler = endpoint(
  { operationId: 'deleteOrder', summary: 'Delete an order.', params: OrderPath, returns: { 200: Done } },
  ({ params: { orderId } }) => remove(orderKey(orderId)).then(() => done(orderId)),
);
