/** The headers and methods that browsers may use from allowed origins. Services add headers of their own. */
export const corsPolicy = {
  methods: 'GET, POST, PUT, PATCH, DELETE',
  maxAgeSeconds: 86_400,
  headersWith: (own: readonly string[]) =>
    ['authorization, content-type, accept-language, if-none-match', ...own].join(', '),
};
