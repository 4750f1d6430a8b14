import type { Json } from './schemas.ts';

const token = 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIxMjM0NTY3ODkwMTIzNDU2In0.c2lnbmF0dXJl';
const id = 4503599627370497;

/** Example values by field, or by schema and field, which wins. */
const samples: Record<string, unknown> = {
  'AppInfo.about_us': '<p>Fresh from the farm since 2009.</p>',
  'AppInfo.policy': '<p>We keep what an order needs.</p>',
  'AppInfo.terms': '<p>Orders can be returned within 14 days.</p>',
  'Country.code': 'EG',
  'Country.name': 'Egypt',
  'CustomerResource.name': 'Mona',
  'Device.name': 'Mona’s phone',
  ExportCustomerResponse: {
    profile: { id, phone_number: '+201001234567', full_name: 'Mona Hassan', email: 'mona@example.com' },
    wallet: { currency: 'EGP', balance_minor: 10_000 },
    addresses: [],
    devices: [],
    notifications: [],
    next: null,
  },
  'GetHealthResponse.version': '1.4.0',
  'SigningKey.x': 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  'SigningKey.y': 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  'InboxNotification.data': { deep_link: 'shop://orders/7' },
  'DeliveryRegion.code': 'EG-C',
  'DeliveryRegion.country': 'EG',
  'DeliveryRegion.name': 'Cairo',
  'SocialAccounts.email': 'hello@shop.example',
  'WalletTransaction.amount': '100.00',
  access: token,
  active: true,
  android: '2.3.0',
  answer: '<p>Within two days.</p>',
  balance: '100.00',
  balance_currency: 'EGP',
  birth_date: '1994-05-17',
  birthdate: '1994-05-17',
  commit: '3f2a9c1',
  coordinates: [31.2357, 30.0444],
  created_at: '2026-11-22T18:30:00Z',
  current: true,
  date_created: '2026-11-22T18:30:00Z',
  description: '12 Tahrir Square, 3rd floor',
  channel: 'sms',
  channels: ['sms'],
  'CurrentCustomerResource.name': 'Mona',
  device_id: '9774d56d682e549c',
  device_name: 'Mona’s phone',
  device_token: '2026-11.1811116800.c2FsdHNhbHQ.bWFj',
  effective_at: '2026-11-25T18:30:00Z',
  email: 'mona@example.com',
  enablePhoneLogin: false,
  expires_in: 300,
  flag: 'https://flagcdn.com/eg.svg',
  full_name: 'Mona Hassan',
  gender: 'F',
  id,
  image: 'https://example.com/mona.jpg',
  instagram: 'https://instagram.com/shop.example',
  ios: '2.3.0',
  is_email_verified: true,
  is_guest: false,
  is_phone_verified: true,
  is_profile_completed: true,
  is_read: false,
  is_use_wallet_in_payment: true,
  kid: '2026-11',
  last_name: 'Hassan',
  last_used_at: '2026-11-22T18:30:00Z',
  lat: 30.0444,
  long: 31.2357,
  maintenance: false,
  map_description: 'Beside the museum',
  map_image: 'https://example.com/map.png',
  message_body: 'Your order is on its way.',
  next: null,
  new_sign_in: true,
  openapi: '3.1.0',
  other: true,
  page_size: 10,
  phone: '+201001234567',
  phone_code: '20',
  phone_number: '+201001234567',
  phone_verified: true,
  point: '{"type":"Point","coordinates":[31.2357,30.0444]}',
  previous: null,
  primary_address: id,
  product_ordered: true,
  question: 'When does my order arrive?',
  refresh: token,
  refresh_token: token,
  registration_id: 'fGx1:APA91bH_example-token',
  resend_in: 60,
  end: '07:00',
  stage: 'prod',
  start: '22:00',
  tiktok: 'https://tiktok.com/@shop.example',
  time_zone: 'Africa/Cairo',
  title: 'Thank you',
  token,
  transaction_type_text: 'Refund',
  unread_count: 3,
  wallet_credit: '100.00',
  website: 'https://shop.example',
};

export const samplesByStatus: Record<number, Json> = {
  503: { status: 'failing', checks: { table: 'ok', sns: 'failing' } },
};

/**
 * Returns an example of a schema. `owner` and `field` name its place.
 * @throws if {@link samples} lacks a value for a field
 */
export function findSample(schema: Json, schemas: Json, owner = '', field = ''): unknown {
  if ('const' in schema) return schema.const;
  if (schema.minimum !== undefined && schema.minimum === schema.maximum) return schema.minimum;
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return name in samples ? samples[name] : findSample(schemas[name] as Json, schemas, name);
  }
  const key = [`${owner}.${field}`, field].find((name) => name in samples);
  if (key) return samples[key];
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if (Array.isArray(schema.anyOf)) return findSample(schema.anyOf[0], schemas, owner, field);
  if (schema.type === 'null') return null;
  if (schema.type === 'array') return [findSample(schema.items as Json, schemas, owner, field)];
  if (schema.type !== 'object') throw new Error(`There is no sample for ${owner}.${field}.`);
  const fields = Object.entries((schema.properties ?? {}) as Record<string, Json>);
  return Object.fromEntries(fields.map(([name, value]) => [name, findSample(value, schemas, owner, name)]));
}
