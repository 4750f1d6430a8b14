import { find } from '../../../../lib/table/items.ts';
import { endpoint } from '../../endpoint.ts';
import { orderKey } from '../../keys.ts';
import { Order, OrderPath } from '../../schemas.ts';

export const handler = endpoint(
  { operationId: 'getOrderById', summary: 'An order.', params: OrderPath, returns: { 200: Order } },
  ({ params }) => find(orderKey(params.orderId), Order),
);
