import * as z from 'zod';
import { Upload } from '../http/multipart.ts';
import { type CleanImage, cleanImage, hasTooManyPixels, mostMegapixels } from '../images/picture.ts';
import { code, text } from './fields.ts';

/**
 * An https URL as it will be shown: normalised, without a user name, and safe inside a page's
 * attribute.
 */
const httpsUrl = text({ max: 2_048 })
  .pipe(z.url({ protocol: /^https$/, hostname: z.regexes.domain, normalize: true }))
  .refine((url) => url.length <= 2_048, code('max_length'))
  .refine((url) => !/^https:\/\/[^/?#]*@|["'<>`]/.test(url), code('invalid'));

/** A JPEG, PNG or WebP file of a form, without its metadata. */
export const uploadedImage = z.instanceof(Upload).transform(({ content }, context): CleanImage => {
  const image = cleanImage(content);
  if (image) return image;
  const problem = hasTooManyPixels(content) ? { detail: 'tooManyPixels', max: mostMegapixels } : {};
  context.addIssue({ code: 'custom', params: { code: 'invalid', ...problem } });
  return z.NEVER;
});

/** An image by its https URL, or a file in a form: JPEG, PNG or WebP. */
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
