/** What all pages share: their links, their language, and the texts in Arabic. */
import site from '/api/site' with { type: 'json' };

const arabic = {
  Inbox: 'الرسائل',
  Regions: 'المناطق',
  Requests: 'الطلبات',
  Docs: 'واجهة البرمجة',
  live: 'مباشر',
  connecting: 'جارٍ الاتصال',
  'not connected': 'غير متصل',
  'Filter by number or push token': 'ابحث برقم الهاتف أو رمز الجهاز',
  'Filter by path, status or customer': 'ابحث بالمسار أو الحالة أو العميل',
  'Clear all': 'مسح الكل',
  'Stack clock': 'ساعة النظام',
  '+1 min': '+دقيقة',
  '+5 min': '+5 دقائق',
  '+1 h': '+ساعة',
  '+1 day': '+يوم',
  'Real time': 'الوقت الحقيقي',
  'No messages yet. Ask for a code:': 'لا توجد رسائل بعد. اطلب رمزًا:',
  'No requests yet.': 'لا توجد طلبات بعد.',
  SMS: 'رسالة نصية',
  Push: 'إشعار',
  'Copy the code': 'نسخ الرمز',
  Copied: 'تم النسخ',
  unread: 'غير مقروء',
  'Data for the app': 'بيانات للتطبيق',
  customer: 'العميل',
  Longitude: 'خط الطول',
  Latitude: 'خط العرض',
  'Ask the API': 'اسأل الواجهة',
  'Language of the answer': 'لغة الإجابة',
  'Click the map, or type a point, to see what the API answers.': 'انقر على الخريطة أو اكتب نقطة لترى إجابة الواجهة.',
  'Map of the regions. Click to ask the API for a point.': 'خريطة المناطق. انقر لتسأل الواجهة عن نقطة.',
  'Zoom in': 'تكبير',
  'Zoom out': 'تصغير',
  'Show all regions': 'عرض كل المناطق',
  'The API does not answer.': 'الواجهة لا تستجيب.',
  loading: 'جارٍ التحميل',
  from: 'من',
  'none are loaded': 'لم يُحمَّل شيء',
  'Messages, newest first': 'الرسائل، الأحدث أولًا',
  'Requests, newest first': 'الطلبات، الأحدث أولًا',
};

/** The language of the pages: what was chosen here, else the browser's. */
export const language = localStorage.getItem('language') ?? (navigator.language.startsWith('ar') ? 'ar' : 'en');

export function say(text) {
  return (language === 'ar' && arabic[text]) || text;
}

export const element = (id) => document.getElementById(id);

/** Shows whether the page is connected. */
export function state(text, isLive) {
  element('state').textContent = say(text);
  element('state').classList.toggle('live', isLive);
}

Object.assign(document.documentElement, { lang: language, dir: language === 'ar' ? 'rtl' : 'ltr' });

document.title = `${say(document.title)} · ${site.service}`;

const nav = document.querySelector('nav');
for (const { path, name } of site.pages) {
  const link = document.createElement('a');
  Object.assign(link, { href: path, textContent: say(name) });
  if (path === location.pathname) link.setAttribute('aria-current', 'page');
  nav.append(link);
}
const other = document.createElement('button');
Object.assign(other, { type: 'button', className: 'language', lang: language === 'ar' ? 'en' : 'ar' });
other.textContent = language === 'ar' ? 'English' : 'العربية';
other.onclick = () => {
  localStorage.setItem('language', other.lang);
  location.reload();
};
nav.append(other);

for (const node of document.querySelectorAll('[data-say]')) node.textContent = say(node.textContent);
for (const attribute of ['placeholder', 'aria-label', 'title']) {
  for (const node of document.querySelectorAll(`[${attribute}]`)) {
    node.setAttribute(attribute, say(node.getAttribute(attribute)));
  }
}
