import type { AppContent } from '../lib/content/contentRepository.ts';

/**
 * The shop's texts in the apps. Replace them by your own and load the seed. HTML is allowed, but
 * scripts and styles are removed.
 */
export const app: AppContent = {
  aboutUs: {
    en: '<p>We bring groceries and household goods to your door, every day from 8 to 23.</p>',
    ar: '<p>نوصل البقالة ومستلزمات المنزل إلى بابك كل يوم من 8 صباحًا حتى 11 مساءً.</p>',
  },
  terms: {
    en: '<h2>Terms of use</h2><p>Orders are accepted within the areas we deliver to. Prices include taxes.</p>',
    ar: '<h2>شروط الاستخدام</h2><p>نقبل الطلبات داخل مناطق التوصيل. الأسعار شاملة الضرائب.</p>',
  },
  policy: {
    en: '<h2>Privacy</h2><p>We keep what we need to deliver your orders. You can export or erase it in the app at any time.</p>',
    ar: '<h2>الخصوصية</h2><p>نحتفظ بما نحتاجه لتوصيل طلباتك. يمكنك تصديره أو حذفه من التطبيق في أي وقت.</p>',
  },
  email: 'hello@shop.example.com',
  phoneNumber: '+20235711111',
  instagram: 'https://www.instagram.com/shop.example',
  tiktok: 'https://www.tiktok.com/@shop.example',
  website: 'https://shop.example.com',
  minimumVersion: { android: '1.0.0', ios: '1.0.0' },
  maintenance: false,
};
