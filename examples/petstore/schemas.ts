import * as z from 'zod';
import { code, idInPath, readable } from '../../lib/http/fields.ts';
import { uploadedImage } from '../../lib/images/imageSchema.ts';
import { givenPassword } from '../../lib/passwords/passwordSchema.ts';
import { newId } from '../../lib/table/ids.ts';

/** Strings may be empty. The published document allows any string, and we only limit the length. */
const words = readable.max(200);
/** New resources get an id if they have none or 0. */
const ownId = z.int().min(0).default(0);
const newThing = { id: ownId.transform((id) => id || newId()) };

export const Status = z.enum(['available', 'pending', 'sold']);
export type Status = z.infer<typeof Status>;
const Named = z.object({ id: z.int().optional(), name: words.optional() });
/** Lists of tags in a query are separated by commas. */
const tagName = words.trim().refine((name) => !name.includes(','), code('invalid'));
const Tag = Named.extend({ name: tagName.optional() });
export const mostPhotos = 20;
export const Pet = z.object({
  id: z.int(),
  category: Named.optional(),
  name: words,
  photoUrls: z.array(readable.max(500)).max(mostPhotos),
  tags: z.array(Tag).max(20).optional(),
  status: Status.optional(),
});
export type Pet = z.infer<typeof Pet>;
export const Pets = Pet.array();
export const NewPet = Pet.extend(newThing);
export const PetChanges = Pet.pick({ name: true, status: true }).partial();
export const Photo = z.object({ additionalMetadata: words.optional(), file: uploadedImage });

const anyId = z.preprocess((id) => (/^-?\d{1,16}$/.test(String(id)) ? Number(id) : id), z.int());
export const PetPath = z.object({ petId: anyId });
/** Makes the schema of a list in a query: repeated parameters, values with commas, or both. */
function severalOf<S extends z.ZodType<string, string>>(value: S) {
  return z
    .array(z.string())
    .transform((all) => all.flatMap((several) => several.split(',').map((one) => one.trim())))
    .pipe(z.array(value).max(20));
}

export const ByStatus = z.object({ status: severalOf(Status) });
export const ByTags = z.object({ tags: severalOf(words) });

const count = z.int().default(0);
export const Inventory = z.object({ available: count, pending: count, sold: count });
export type Inventory = z.infer<typeof Inventory>;

export const Order = z.object({
  id: z.int(),
  petId: z.int().optional(),
  quantity: z.int32().optional(),
  shipDate: z.iso.datetime({ offset: true }).optional(),
  status: z.enum(['placed', 'approved', 'delivered']).optional(),
  complete: z.boolean().default(false),
});
export const NewOrder = Order.extend(newThing);
export const OrderPath = z.object({ orderId: idInPath });

/** Names that would be other routes, or that URLs remove from the path. */
const reserved = ['login', 'logout', 'createWithArray', 'createWithList', '.', '..'];
const anyName = readable.min(1).max(100);
const username = anyName.refine((name) => !reserved.includes(name), code('invalid'));
const details = { firstName: words, lastName: words, email: words, phone: words, userStatus: z.int32() };
export const UserDetails = z.object(details).partial();
/** The published document also includes the password, but no response contains it. */
export const User = UserDetails.extend({ id: z.int(), username });
export type User = z.infer<typeof User>;
export const NewUser = User.extend({ ...newThing, password: givenPassword.optional() });
export type NewUser = z.infer<typeof NewUser>;
const areDifferent = (users: NewUser[]) => new Set(users.map((user) => user.username)).size === users.length;
export const NewUsers = z
  .array(NewUser)
  .max(20)
  .refine(areDifferent, { ...code('unique'), path: ['username'] });
export const UserChanges = User.partial().extend({ password: givenPassword.optional() });
export const UserPath = z.object({ username: anyName });
export const Credentials = UserPath.extend({ password: givenPassword });
export type Credentials = z.infer<typeof Credentials>;

export const Token = z.string();
/** The response of operations without a result, an ApiResponse. */
export const Done = z.object({ code: z.int32(), type: z.string(), message: z.string() });
export const done = (message: string | number) => ({ code: 200, type: 'ok', message: String(message) });
