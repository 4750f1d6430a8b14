export const corsPolicy = {
  methods: 'GET, POST, PUT, PATCH, DELETE',
  maxAgeSeconds: 86_400,
  headersWith: (added: readonly string[]) =>
    ['authorization, content-type, accept-language, if-none-match, idempotency-key', ...added].join(', '),
};
