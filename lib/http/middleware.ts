import type { MiddlewareObj, Request } from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import type { Principal } from './contract.ts';

export interface State {
  startedAtMs: number;
  /** Language tags from `Accept-Language`, best first. */
  preferredLanguages?: string[];
  principal?: Principal;
}
export type HttpContext = Context & State;
export type HttpRequest = Request<APIGatewayProxyEvent, APIGatewayProxyResult, Error, HttpContext>;
export type Middleware = MiddlewareObj<APIGatewayProxyEvent, APIGatewayProxyResult, Error, HttpContext>;
