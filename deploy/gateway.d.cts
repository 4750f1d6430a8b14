import type { Gateway } from '../lib/openapi/gateway.cjs';

declare const gateway: Gateway;

export = gateway;
