import { versioned } from './assets.ts';

/**
 * The docs page. It is told below which path of its own host the API is, and locally where the
 * inbox is, so that it can sign a developer in.
 */
export function docsPage({ api, inbox }: { api: string; inbox: string | undefined }): string {
  const asset = (name: string) => `${api}/api/docs/${name}/`;
  const tools = `<nav aria-label="The local stack"></nav>
<form id="sign-in" aria-label="Sign in">
  <label for="phone">Sign in as</label>
  <input id="phone" name="phone" type="tel" value="+201001234567" autocomplete="tel" required>
  <button>Sign in</button>
  <output role="status"></output>
</form>`;
  return `<!doctype html>
<html lang="en" data-api="${escaped(api)}"${inbox ? ` data-inbox="${escaped(inbox)}"` : ''}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API · customer-backend</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${escaped(asset(versioned('swagger-ui.css')))}">
<link rel="stylesheet" href="${escaped(asset('docs.css'))}">
</head>
<body>
${inbox ? tools : ''}
<main id="docs"></main>
<script src="${escaped(asset(versioned('swagger-ui.js')))}"></script>
<script src="${escaped(asset('docs.js'))}"></script>
</body>
</html>
`;
}

/** The address comes from the request. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
