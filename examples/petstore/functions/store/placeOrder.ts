import { add } from '../../../../lib/table/items.ts';
import { endpoint } from '../../endpoint.ts';
import { orderKey } from '../../keys.ts';
import { NewOrder, Order } from '../../schemas.ts';

export const handler = endpoint(
  { operationId: 'placeOrder', summary: 'Order a pet.', body: NewOrder, returns: { 200: Order } },
  ({ body }) => add(orderKey(body.id), body),
);
