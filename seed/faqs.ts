import type { Faq } from '../lib/content/contentRepository.ts';

/** Frequently asked questions, in the order in which apps show them. Answers may contain HTML. */
export const faqs: Faq[] = [
  {
    question: { en: 'Where do you deliver?', ar: 'أين توصلون؟' },
    answer: {
      en: '<p>Wherever the map in the app is coloured. We add areas every month.</p>',
      ar: '<p>في كل مكان ملوّن على خريطة التطبيق. نضيف مناطق جديدة كل شهر.</p>',
    },
  },
  {
    question: { en: 'How can I pay?', ar: 'كيف يمكنني الدفع؟' },
    answer: {
      en: '<p>In cash, by card at the door, or from your wallet.</p>',
      ar: '<p>نقدًا، أو بالبطاقة عند الاستلام، أو من محفظتك.</p>',
    },
  },
  {
    question: { en: 'Can I cancel an order?', ar: 'هل يمكنني إلغاء الطلب؟' },
    answer: {
      en: '<p>Yes, until it leaves the shop. What you paid goes <strong>back to your wallet</strong> at once.</p>',
      ar: '<p>نعم، قبل خروجه من المتجر. ويعود ما دفعته <strong>إلى محفظتك</strong> فورًا.</p>',
    },
  },
  {
    question: { en: 'How do I delete my account?', ar: 'كيف أحذف حسابي؟' },
    answer: {
      en: '<p>In the app, under Profile. Everything personal is erased.</p>',
      ar: '<p>من صفحة حسابي في التطبيق. وتُمحى كل بياناتك الشخصية.</p>',
    },
  },
];
