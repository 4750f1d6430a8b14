import type { MiddlewareObj, Request } from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import type { Principal } from './contract.ts';

/** What the steps of one request tell each other. */
export interface State {
  startedAtMs: number;
  /** As the client asks for them, the best first; a region does not matter to us. */
  preferredLanguages?: string[];
  principal?: Principal;
}
export type HttpContext = Context & State;
export type HttpRequest = Request<APIGatewayProxyEvent, APIGatewayProxyResult, Error, HttpContext>;
export type Middleware = MiddlewareObj<APIGatewayProxyEvent, APIGatewayProxyResult, Error, HttpContext>;
