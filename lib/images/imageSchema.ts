import * as z from 'zod';
import { isDomainName } from '../http/domain.ts';
import { code, text } from '../http/fields.ts';
import { Upload } from '../http/multipart.ts';
import { toUri } from '../http/uri.ts';
import { type CleanImage, cleanImage, hasTooManyPixels, mostMegapixels } from '../images/picture.ts';

const longestUrl = 2_048;

/**
 * An https URL as responses return it: a URI without a user name, and safe inside an HTML
 * attribute.
 */
const httpsUrl = text({ max: longestUrl })
  .refine(isOnTheWeb, code('invalid'))
  .transform(toUri)
  .refine((url) => url.length <= longestUrl, code('max_length', { max: longestUrl }))
  .refine((url) => !/^https:\/\/[^/?#]*@|'/i.test(url), code('invalid'));

function isOnTheWeb(value: string): boolean {
  const url = URL.parse(value);
  return url?.protocol === 'https:' && isDomainName(url.hostname);
}

/** A JPEG, PNG or WebP file from a form. Its metadata is removed. */
export const uploadedImage = z.instanceof(Upload).transform(({ content }, context): CleanImage => {
  const image = cleanImage(content);
  if (image) return image;
  const problem = hasTooManyPixels(content) ? { detail: 'tooManyPixels', max: mostMegapixels } : {};
  context.addIssue({ code: 'custom', params: { code: 'invalid', ...problem } });
  return z.NEVER;
});

/** An image: its https URL, or a JPEG, PNG or WebP file from a form. */
export const image = z
  .unknown()
  .transform((value, context): string | CleanImage => {
    const parsed = (value instanceof Upload ? uploadedImage : httpsUrl).safeParse(value, { reportInput: true });
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue);
    return z.NEVER;
  })
  .meta({
    type: 'string',
    description: 'An https URL.',
    form: {
      type: 'string',
      format: 'binary',
      contentMediaType: 'application/octet-stream',
      description: 'A JPEG, PNG or WebP file of up to 4 MB and 50 megapixels.',
    },
  });
