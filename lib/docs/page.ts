import type { TestNumber } from '../config/smsApps.ts';
import { addVersion } from './assets.ts';

interface Options {
  api: string;
  inbox: string | undefined;
  testNumber: Pick<TestNumber, 'phone_number' | 'otp'> | undefined;
}

/**
 * Renders the docs page. `api` is the API's path on the same host. `inbox` is the URL of the local
 * inbox, which the page reads OTPs from.
 */
export function docsPage({ api, inbox, testNumber }: Options): string {
  const asset = (name: string) => `${api}/api/docs/${name}/`;
  const phone = testNumber?.phone_number ?? '+201001234567';
  const tools = `<nav aria-label="The local stack"></nav>
<form id="sign-in" aria-label="Sign in">
  <label for="phone">Sign in as</label>
  <input id="phone" name="phone" type="tel" value="${phone}" autocomplete="tel" required>
  <button>Sign in</button>
  <button type="button" id="skip" hidden>Skip the wait</button>
  <output role="status"></output>
  ${testNumber ? `<p>The test number <b>${phone}</b> signs in with the code <b>${testNumber.otp}</b>, without an SMS and as often as you like.</p>` : ''}
</form>`;
  return `<!doctype html>
<html lang="en" data-api="${escaped(api)}"${inbox ? ` data-inbox="${escaped(inbox)}" data-phone="${phone}" data-code="${testNumber?.otp ?? ''}"` : ''}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API · customer-backend</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${escaped(asset(addVersion('swagger-ui.css')))}">
<link rel="stylesheet" href="${escaped(asset('docs.css'))}">
</head>
<body>
${inbox ? tools : ''}
<p id="detail"><label><input type="checkbox" id="all"> Show headers and examples of errors</label></p>
<main id="docs"></main>
<script src="${escaped(asset(addVersion('swagger-ui.js')))}"></script>
<script type="module" src="${escaped(asset('docs.js'))}"></script>
</body>
</html>
`;
}

/** Escapes a value that comes from the URL of the request. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
