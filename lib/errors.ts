/** The languages of every text a customer can see. */
export const languages = ['en', 'ar'] as const;
export type Language = (typeof languages)[number];

export type Texts = Record<Language, string>;

interface Entry {
  status: number;
  type: 'validation_error' | 'client_error' | 'server_error';
  code: string;
  /** The field it belongs to, where it is always the same one. */
  attr?: string;
  detail: Texts;
}

/** Every error this API can answer, bad fields apart: those are in {@link fieldErrors}. */
export const errors = {
  parseError: {
    status: 400,
    type: 'client_error',
    code: 'parse_error',
    detail: { en: 'The body is not valid JSON.', ar: 'نص الطلب ليس بصيغة JSON صحيحة.' },
  },
  notAuthenticated: {
    status: 401,
    type: 'client_error',
    code: 'not_authenticated',
    detail: { en: 'Sign in to do this.', ar: 'سجّل الدخول للقيام بذلك.' },
  },
  authenticationFailed: {
    status: 401,
    type: 'client_error',
    code: 'authentication_failed',
    detail: { en: 'The sign-in details are not usable.', ar: 'بيانات تسجيل الدخول غير صالحة للاستخدام.' },
  },
  tokenNotValid: {
    status: 401,
    type: 'client_error',
    code: 'token_not_valid',
    detail: { en: 'The token is invalid or has expired.', ar: 'الرمز غير صالح أو انتهت صلاحيته.' },
  },
  permissionDenied: {
    status: 403,
    type: 'client_error',
    code: 'permission_denied',
    detail: { en: 'You are not allowed to do this.', ar: 'غير مسموح لك بالقيام بذلك.' },
  },
  wrongCredentials: {
    status: 403,
    type: 'client_error',
    code: 'wrong_credentials',
    detail: {
      en: 'These sign-in details do not belong together.',
      ar: 'بيانات تسجيل الدخول غير صحيحة.',
    },
  },
  wrongCode: {
    status: 403,
    type: 'client_error',
    code: 'wrong_code',
    detail: { en: 'The code is wrong or has expired.', ar: 'الرمز غير صحيح أو انتهت صلاحيته.' },
  },
  codeNeeded: {
    status: 403,
    type: 'client_error',
    code: 'recent_code_required',
    detail: {
      en: 'Confirm your identity with your password or a new code, then try again.',
      ar: 'أكّد هويتك بكلمة المرور أو برمز جديد، ثم أعد المحاولة.',
    },
  },
  phoneNotVerified: {
    status: 409,
    type: 'client_error',
    code: 'phone_not_verified',
    detail: {
      en: 'Your phone is not verified yet. A code was sent to it.',
      ar: 'لم يتم التحقق من هاتفك بعد. تم إرسال رمز إليه.',
    },
  },
  notFound: {
    status: 404,
    type: 'client_error',
    code: 'not_found',
    detail: { en: 'Not found.', ar: 'غير موجود.' },
  },
  methodNotAllowed: {
    status: 405,
    type: 'client_error',
    code: 'method_not_allowed',
    detail: { en: 'This method is not allowed here.', ar: 'هذه الطريقة غير مسموح بها هنا.' },
  },
  notAcceptable: {
    status: 406,
    type: 'client_error',
    code: 'not_acceptable',
    detail: { en: 'Only JSON can be answered.', ar: 'لا يمكن الرد إلا بصيغة JSON.' },
  },
  payloadTooLarge: {
    status: 413,
    type: 'client_error',
    code: 'payload_too_large',
    detail: { en: 'The body is too large.', ar: 'حجم الطلب أكبر من المسموح به.' },
  },
  unsupportedMediaType: {
    status: 415,
    type: 'client_error',
    code: 'unsupported_media_type',
    detail: { en: 'This content type is not supported.', ar: 'نوع المحتوى هذا غير مدعوم.' },
  },
  throttled: {
    status: 429,
    type: 'client_error',
    code: 'throttled',
    detail: { en: 'Too many requests. Try again later.', ar: 'طلبات كثيرة جدًا. حاول مرة أخرى لاحقًا.' },
  },
  otpSendLimit: {
    status: 429,
    type: 'client_error',
    code: 'otp_send_limit',
    detail: {
      en: 'Too many codes were requested. Try again later.',
      ar: 'تم طلب عدد كبير من الرموز. حاول مرة أخرى لاحقًا.',
    },
  },
  otpTryLimit: {
    status: 429,
    type: 'client_error',
    code: 'otp_try_limit',
    detail: {
      en: 'Too many codes were tried. Request a new one later.',
      ar: 'تمت تجربة عدد كبير من الرموز. اطلب رمزًا جديدًا لاحقًا.',
    },
  },
  otpInvalid: {
    status: 400,
    type: 'validation_error',
    code: 'otp_invalid',
    attr: 'otp',
    detail: { en: 'The code is wrong.', ar: 'الرمز غير صحيح.' },
  },
  otpExpired: {
    status: 400,
    type: 'validation_error',
    code: 'otp_expired',
    attr: 'otp',
    detail: {
      en: 'The code is wrong or has expired. Request a new one.',
      ar: 'الرمز غير صحيح أو انتهت صلاحيته. اطلب رمزًا جديدًا.',
    },
  },
  smsOptedOut: {
    status: 400,
    type: 'client_error',
    code: 'sms_opted_out',
    detail: {
      en: 'This number has opted out of our SMS. Use another number or contact support.',
      ar: 'أُوقفت رسائلنا النصية إلى هذا الرقم بطلب من صاحبه. استخدم رقمًا آخر أو تواصل مع الدعم.',
    },
  },
  unsupportedRegion: {
    status: 400,
    type: 'client_error',
    code: 'unsupported_region',
    detail: { en: 'We do not deliver to this place yet.', ar: 'لا نوصّل إلى هذا المكان بعد.' },
  },
  regionCountryMismatch: {
    status: 400,
    type: 'client_error',
    code: 'region_country_mismatch',
    detail: { en: 'This place is in another country than your account.', ar: 'هذا المكان في بلد غير بلد حسابك.' },
  },
  addressLimitReached: {
    status: 400,
    type: 'client_error',
    code: 'address_limit_reached',
    detail: {
      en: 'You have as many addresses as you can have. Delete one first.',
      ar: 'لديك أكبر عدد ممكن من العناوين. احذف أحدها أولًا.',
    },
  },
  cannotDeletePrimaryAddress: {
    status: 400,
    type: 'client_error',
    code: 'cannot_delete_primary_address',
    detail: {
      en: 'This is your primary address. Make another one primary first.',
      ar: 'هذا عنوانك الأساسي. اجعل عنوانًا آخر أساسيًا أولًا.',
    },
  },
  customerNotFound: {
    status: 404,
    type: 'client_error',
    code: 'customer_not_found',
    detail: { en: 'There is no such customer.', ar: 'لا يوجد عميل بهذا الرقم.' },
  },
  currencyMismatch: {
    status: 400,
    type: 'client_error',
    code: 'currency_mismatch',
    attr: 'currency',
    detail: { en: 'The wallet is in another currency.', ar: 'المحفظة بعملة أخرى.' },
  },
  insufficientFunds: {
    status: 400,
    type: 'client_error',
    code: 'insufficient_funds',
    attr: 'amount',
    detail: { en: 'The wallet does not hold that much.', ar: 'رصيد المحفظة لا يكفي.' },
  },
  balanceTooLarge: {
    status: 400,
    type: 'client_error',
    code: 'balance_too_large',
    attr: 'amount',
    detail: { en: 'The wallet cannot hold that much.', ar: 'لا يمكن أن تحتوي المحفظة على هذا المبلغ.' },
  },
  idempotencyKeyReused: {
    status: 400,
    type: 'client_error',
    code: 'idempotency_key_reused',
    attr: 'idempotency_key',
    detail: { en: 'This key has been used for something else.', ar: 'استُخدم هذا المفتاح لعملية أخرى.' },
  },
  unavailable: {
    status: 503,
    type: 'server_error',
    code: 'service_unavailable',
    detail: {
      en: 'The service is busy at the moment. Try again in a few seconds.',
      ar: 'الخدمة مشغولة حاليًا. حاول مرة أخرى بعد بضع ثوانٍ.',
    },
  },
  error: {
    status: 500,
    type: 'server_error',
    code: 'error',
    detail: { en: 'Something went wrong on our side.', ar: 'حدث خطأ من جانبنا.' },
  },
} as const satisfies Record<string, Entry>;

export type ErrorName = keyof typeof errors;

/** What can be wrong with one field. `{max}` and `{min}` are filled from the rule that failed. */
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
    en: 'Many people use this password. Choose another one.',
    ar: 'كلمة المرور هذه شائعة جدًا. اختر غيرها.',
  },
  conflicting: { en: 'Send only one of the two.', ar: 'أرسل واحدًا فقط من الاثنين.' },
  null_characters_not_allowed: { en: 'Null characters are not allowed.', ar: 'الأحرف الخالية (NUL) غير مسموح بها.' },
} as const satisfies Record<string, Texts>;

export type FieldErrorCode = keyof typeof fieldErrors;

/** Details that say more than the field's code. */
export const fieldDetails = {
  tooManyPixels: {
    en: 'The picture may have at most {max} megapixels.',
    ar: 'يجب ألا تزيد دقة الصورة عن {max} ميغابكسل.',
  },
} as const satisfies Record<string, Texts>;

export type FieldDetail = keyof typeof fieldDetails;

/** Details that say more than the code of an error. */
export const errorDetails = {
  brokenForm: { en: 'The body is not a valid form.', ar: 'نص الطلب ليس نموذجًا صحيحًا.' },
  brokenRequest: { en: 'The request is not valid HTTP.', ar: 'الطلب ليس بصيغة HTTP صحيحة.' },
} as const satisfies Record<string, Texts>;

/** One failing field: `attr` is its path with dots, or `non_field_errors` for the whole body. */
export interface FieldError {
  attr: string;
  code: FieldErrorCode;
  /** Replaces the code's own text. */
  detail?: FieldDetail;
  max?: number;
  min?: number;
}

interface ErrorContext {
  /** Replaces the text of the catalogue. */
  detail?: keyof typeof errorDetails;
  /** For 429 and 503: whole seconds until the same request can succeed. */
  retryAfterSeconds?: number;
  /** For 405: the methods that are allowed. */
  allow?: readonly string[];
  /** The field, where the request calls it otherwise than the catalogue. */
  attr?: string;
}

/** An answer from the catalogue. Whatever else is thrown becomes a bare 500. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly errorName: ErrorName;
  readonly details: ErrorContext;

  constructor(errorName: ErrorName, details: ErrorContext = {}) {
    super(errors[errorName].code);
    this.errorName = errorName;
    this.details = details;
  }
}

/** Bad fields, all of them at once. */
export class ValidationError extends Error {
  override name = 'ValidationError';
  readonly fields: readonly FieldError[];

  constructor(fields: readonly FieldError[]) {
    super(fields.map(({ attr, code }) => `${attr}: ${code}`).join(', '));
    this.fields = fields;
  }
}

/** Ends the request with an error of the catalogue. */
export function fail(errorName: ErrorName, details?: ErrorContext): never {
  throw new ApiError(errorName, details);
}

/** Ends the request with bad fields that only the table could tell. */
export function failFields(...fields: FieldError[]): never {
  throw new ValidationError(fields);
}
