const wrongCredentials = [
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
];
const missingRights = ['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation'];

export function isForbidden({ name }: Error): boolean {
  return missingRights.includes(name);
}

/**
 * A sentence for an error of AWS that an operator can do something about.
 * @returns undefined for any other error
 */
export function explainAwsError(error: Error): string | undefined {
  const { name, message } = error;
  if (name === 'CredentialsProviderError') return `There are no AWS credentials: ${message}`;
  if (wrongCredentials.includes(name))
    return 'AWS does not accept these credentials. Get new ones, and run this again.';
  if (isForbidden(error)) return `These AWS credentials lack a permission: ${message}`;
  const { code, hostname } = error as NodeJS.ErrnoException & { hostname?: string };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return `${hostname} cannot be found. Check the name of the region, and the network.`;
  }
  return undefined;
}
