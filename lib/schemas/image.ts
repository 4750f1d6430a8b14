import * as z from 'zod';
import { isUpload, type Upload } from '../http/multipart.ts';
import { type CleanImage, cleanImage } from '../images/picture.ts';
import { text } from './fields.ts';

const httpsUrl = text({ max: 2_048 }).pipe(z.url({ protocol: /^https$/, hostname: z.regexes.domain }));

const uploadedImage = z
  .custom<Upload>(isUpload)
  .transform(({ content }, context): CleanImage => {
    const image = cleanImage(content);
    if (image) return image;
    context.addIssue({ code: 'custom', params: { code: 'invalid' } });
    return z.NEVER;
  })
  .meta({ description: 'JPEG, PNG or WebP, up to 4 MB.' });

/** An image by its https URL, or a file in a form. */
export const image = z.union([httpsUrl, uploadedImage]);
