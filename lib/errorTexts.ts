import type { Texts } from './languages.ts';

/** The text of each error code. Bad fields have their own in {@link fieldErrors}. */
export const errorTexts = {
  parse_error: { en: 'The body is not valid JSON.', ar: 'نص الطلب ليس بصيغة JSON صحيحة.' },
  not_authenticated: { en: 'Please sign in first.', ar: 'يرجى تسجيل الدخول أولًا.' },
  authentication_failed: {
    en: 'Authentication failed. Please sign in again.',
    ar: 'فشل التحقق من الهوية. يرجى تسجيل الدخول من جديد.',
  },
  token_not_valid: { en: 'The token is invalid or has expired.', ar: 'الرمز غير صالح أو انتهت صلاحيته.' },
  permission_denied: { en: 'You are not allowed to do this.', ar: 'غير مسموح لك بالقيام بذلك.' },
  wrong_credentials: {
    en: 'Incorrect e-mail, phone number or password.',
    ar: 'البريد الإلكتروني أو رقم الهاتف أو كلمة المرور غير صحيحة.',
  },
  wrong_code: { en: 'The code is wrong or has expired.', ar: 'الرمز غير صحيح أو انتهت صلاحيته.' },
  recent_code_required: {
    en: 'Confirm your identity with your password or a new code, then try again.',
    ar: 'أكّد هويتك بكلمة المرور أو برمز جديد، ثم أعد المحاولة.',
  },
  account_suspended: {
    en: 'Your account is suspended. Please contact us.',
    ar: 'تم إيقاف حسابك. يرجى التواصل معنا.',
  },
  phone_not_verified: {
    en: 'Your phone is not verified yet. A code was sent to it.',
    ar: 'لم يتم التحقق من هاتفك بعد. تم إرسال رمز إليه.',
  },
  second_proof_required: {
    en: 'This account was not used for a long time. Confirm it with your password or the code in your e-mail, or start a new account.',
    ar: 'لم يُستخدم هذا الحساب منذ فترة طويلة. أكّد ملكيته بكلمة المرور أو بالرمز المرسل إلى بريدك الإلكتروني، أو ابدأ حسابًا جديدًا.',
  },
  phone_change_pending: {
    en: 'A change of your phone number is already waiting. Cancel it first.',
    ar: 'يوجد طلب قيد الانتظار لتغيير رقم هاتفك. ألغِه أولًا.',
  },
  not_found: { en: 'Not found.', ar: 'غير موجود.' },
  method_not_allowed: { en: 'This method is not allowed here.', ar: 'هذه الطريقة غير مسموح بها هنا.' },
  not_acceptable: { en: 'This API only returns JSON.', ar: 'تُرجع هذه الواجهة البيانات بصيغة JSON فقط.' },
  payload_too_large: { en: 'The body is too large.', ar: 'حجم الطلب أكبر من المسموح به.' },
  unsupported_media_type: { en: 'This content type is not supported.', ar: 'نوع المحتوى هذا غير مدعوم.' },
  throttled: { en: 'Too many requests. Try again later.', ar: 'طلبات كثيرة جدًا. حاول مرة أخرى لاحقًا.' },
  otp_send_limit: {
    en: 'Too many codes were requested. Try again later.',
    ar: 'تم طلب عدد كبير من الرموز. حاول مرة أخرى لاحقًا.',
  },
  otp_try_limit: {
    en: 'Too many wrong codes. Request a new code later.',
    ar: 'أُدخلت رموز خاطئة كثيرة. اطلب رمزًا جديدًا لاحقًا.',
  },
  otp_invalid: { en: 'The code is wrong.', ar: 'الرمز غير صحيح.' },
  otp_expired: {
    en: 'The code is wrong or has expired. Request a new one.',
    ar: 'الرمز غير صحيح أو انتهت صلاحيته. اطلب رمزًا جديدًا.',
  },
  sms_opted_out: {
    en: 'This number has opted out of our SMS. Use another number or contact support.',
    ar: 'أُوقفت رسائلنا النصية إلى هذا الرقم بطلب من صاحبه. استخدم رقمًا آخر أو تواصل مع الدعم.',
  },
  email_undeliverable: {
    en: 'E-mails to this address are not delivered. Use another address.',
    ar: 'لا تصل رسائلنا إلى هذا العنوان. استخدم عنوانًا آخر.',
  },
  email_unavailable: {
    en: 'Codes by e-mail are not available yet.',
    ar: 'إرسال الرموز بالبريد الإلكتروني غير متاح بعد.',
  },
  unsupported_region: { en: 'We do not deliver to this place yet.', ar: 'لا نوصّل إلى هذا المكان بعد.' },
  region_country_mismatch: {
    en: 'This place is in a different country than your account.',
    ar: 'هذا الموقع في بلد مختلف عن بلد حسابك.',
  },
  address_limit_reached: {
    en: 'You have reached the address limit. Delete an address first.',
    ar: 'لقد بلغت الحد الأقصى لعدد العناوين. احذف عنوانًا أولًا.',
  },
  cannot_delete_primary_address: {
    en: 'This is your primary address. Make another one primary first.',
    ar: 'هذا عنوانك الأساسي. اجعل عنوانًا آخر أساسيًا أولًا.',
  },
  customer_not_found: { en: 'Customer not found.', ar: 'العميل غير موجود.' },
  currency_mismatch: { en: 'The wallet is in another currency.', ar: 'المحفظة بعملة أخرى.' },
  insufficient_funds: { en: 'Insufficient wallet balance.', ar: 'رصيد المحفظة غير كافٍ.' },
  wallet_frozen: {
    en: 'No money can leave this wallet at the moment.',
    ar: 'لا يمكن سحب أي مبلغ من هذه المحفظة حاليًا.',
  },
  balance_too_large: {
    en: 'This exceeds the maximum wallet balance.',
    ar: 'يتجاوز هذا المبلغ الحد الأقصى لرصيد المحفظة.',
  },
  idempotency_key_invalid: {
    en: 'The Idempotency-Key must be 1 to 255 visible ASCII characters, with or without quotes.',
    ar: 'يجب أن يتكوّن Idempotency-Key من 1 إلى 255 حرف ASCII مرئيًا، بعلامتي اقتباس أو بدونهما.',
  },
  idempotency_key_reused: {
    en: 'This idempotency key was already used for a different request.',
    ar: 'استُخدم مفتاح منع التكرار هذا في طلب مختلف.',
  },
  service_unavailable: {
    en: 'The service is busy at the moment. Try again in a few seconds.',
    ar: 'الخدمة مشغولة حاليًا. حاول مرة أخرى بعد بضع ثوانٍ.',
  },
  error: { en: 'Something went wrong on our side.', ar: 'حدث خطأ من جانبنا.' },
} as const satisfies Record<string, Texts>;

/** The text of each error of one field. The failed rule fills `{max}` and `{min}`. */
export const fieldErrors = {
  required: { en: 'This field is required.', ar: 'هذا الحقل مطلوب.' },
  null: { en: 'This field may not be null.', ar: 'لا يمكن أن تكون قيمة هذا الحقل null.' },
  blank: { en: 'This field may not be blank.', ar: 'لا يمكن أن يكون هذا الحقل فارغًا.' },
  invalid: { en: 'This value is not valid.', ar: 'هذه القيمة غير صالحة.' },
  invalid_choice: { en: 'This value is not one of the choices.', ar: 'هذه القيمة ليست من الخيارات المتاحة.' },
  max_length: { en: 'Use at most {max} characters.', ar: 'استخدم {max} حرفًا على الأكثر.' },
  min_length: { en: 'Use at least {min} characters.', ar: 'استخدم {min} أحرف على الأقل.' },
  max_value: { en: 'This value may be at most {max}.', ar: 'يجب ألا تزيد هذه القيمة عن {max}.' },
  min_value: { en: 'This value must be at least {min}.', ar: 'يجب ألا تقل هذه القيمة عن {min}.' },
  unique: { en: 'This value is already in use.', ar: 'هذه القيمة مستخدمة بالفعل.' },
  does_not_exist: { en: 'This does not exist.', ar: 'هذا غير موجود.' },
  country_not_served: {
    en: 'Phone numbers of this country are not supported yet.',
    ar: 'أرقام الهاتف في هذا البلد غير مدعومة بعد.',
  },
  too_common: {
    en: 'This password is too common. Choose another one.',
    ar: 'كلمة المرور هذه شائعة جدًا. اختر غيرها.',
  },
  conflicting: { en: 'Send only one of the two.', ar: 'أرسل واحدًا فقط من الاثنين.' },
  null_characters_not_allowed: { en: 'Null characters are not allowed.', ar: 'الأحرف الخالية (NUL) غير مسموح بها.' },
} as const satisfies Record<string, Texts>;

export type FieldErrorCode = keyof typeof fieldErrors;

/** The same errors as sentences that name the field, for clients that show only a message. */
export const namedFieldErrors = {
  ...fieldErrors,
  required: { en: 'The {field} field is required.', ar: 'حقل {field} مطلوب.' },
  null: { en: 'The {field} field must have a value.', ar: 'يجب أن يحتوي حقل {field} على قيمة.' },
  blank: { en: 'The {field} field must not be empty.', ar: 'يجب ألا يكون حقل {field} فارغًا.' },
  invalid: { en: 'The {field} is not valid.', ar: 'قيمة حقل {field} غير صالحة.' },
  invalid_choice: { en: 'The selected {field} is not valid.', ar: 'القيمة المختارة لحقل {field} غير صالحة.' },
  max_length: {
    en: 'The {field} may have at most {max} characters.',
    ar: 'يجب ألا يزيد حقل {field} على {max} حرفًا.',
  },
  min_length: {
    en: 'The {field} must have at least {min} characters.',
    ar: 'يجب ألا يقل حقل {field} عن {min} أحرف.',
  },
  max_value: { en: 'The {field} may be at most {max}.', ar: 'يجب ألا تزيد قيمة حقل {field} على {max}.' },
  min_value: { en: 'The {field} must be at least {min}.', ar: 'يجب ألا تقل قيمة حقل {field} عن {min}.' },
  unique: { en: 'The {field} is already in use.', ar: 'قيمة حقل {field} مستخدمة بالفعل.' },
  does_not_exist: { en: 'The {field} does not exist.', ar: 'قيمة حقل {field} غير موجودة.' },
  null_characters_not_allowed: {
    en: 'The {field} has characters that are not allowed.',
    ar: 'يحتوي حقل {field} على أحرف غير مسموح بها.',
  },
} as const satisfies Record<FieldErrorCode, Texts>;

/** The names of fields in Arabic sentences. English ones use the name in the request. */
export const fieldLabels: Record<string, string> = {
  birthdate: 'تاريخ الميلاد',
  channel: 'طريقة الإرسال',
  email: 'البريد الإلكتروني',
  last_name: 'اسم العائلة',
  name: 'الاسم الأول',
  password: 'كلمة المرور',
  phone: 'رقم الهاتف',
  token: 'الرمز',
  verification_code: 'رمز التحقق',
};

/** Details that say more than the field's code. */
export const fieldDetails = {
  tooManyPixels: {
    en: 'The picture may have at most {max} megapixels.',
    ar: 'يجب ألا تزيد دقة الصورة عن {max} ميغابكسل.',
  },
  phoneTaken: {
    en: 'This phone number is already in use. If it is yours, sign in with a code.',
    ar: 'رقم الهاتف هذا مستخدم بالفعل. إن كان رقمك، فسجّل الدخول برمز.',
  },
} as const satisfies Record<string, Texts>;

export type FieldDetail = keyof typeof fieldDetails;

/** Details that say more than the code of an error. */
export const errorDetails = {
  brokenForm: { en: 'The body is not a valid form.', ar: 'نص الطلب ليس نموذجًا صحيحًا.' },
  brokenRequest: { en: 'The request is not valid HTTP.', ar: 'الطلب ليس بصيغة HTTP صحيحة.' },
} as const satisfies Record<string, Texts>;
