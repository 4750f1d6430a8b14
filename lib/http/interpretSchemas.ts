import { config } from 'zod/v4/core';

// A bundle evaluates this file first. The code that zod generates for a schema pays off after
// hundreds of requests, and a cold start waits for it.
config({ jitless: true });
