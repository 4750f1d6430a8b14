import type { Gateway } from '../lib/http/gateway.cjs';

declare const gateway: Gateway;

export = gateway;
